import os
import signal
import subprocess
import sys
import time

import pytest

from av_td3.cluster.preemption import PreemptionHandler
from av_td3.machine import process


@pytest.fixture(autouse=True)
def _handlers():
    numbers = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_handler_of_submitit_waits_until_the_run_is_ready():
    handled = []
    signal.signal(signal.SIGUSR2, lambda number, frame: handled.append(number))
    preemption = PreemptionHandler(grace=60.0)
    assert not preemption.requested
    os.kill(os.getpid(), signal.SIGUSR2)
    assert preemption.requested
    assert not preemption.grace_expired
    assert handled == []
    preemption.close()
    preemption.requeue()
    assert handled == [signal.SIGUSR2]
    os.kill(os.getpid(), signal.SIGUSR2)
    assert handled == [signal.SIGUSR2] * 2


def test_it_does_not_wait_for_ever():
    preemption = PreemptionHandler(grace=0.05)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert not preemption.grace_expired
    time.sleep(0.1)
    assert preemption.grace_expired


def test_a_warning_of_slurm_asks_for_a_checkpoint_and_no_more(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    bypassed = []
    signal.signal(signal.SIGTERM, lambda number, frame: bypassed.append(number))
    preemption = PreemptionHandler(grace=60.0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert preemption.checkpoint_requested
    assert not preemption.requested
    assert bypassed == [signal.SIGTERM]


def test_where_a_script_ignores_that_warning_it_asks_for_a_checkpoint_too(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    preemption = PreemptionHandler(grace=60.0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert preemption.checkpoint_requested
    preemption.close()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_outside_of_slurm_sigterm_keeps_its_meaning(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    mine = signal.getsignal(signal.SIGTERM)
    PreemptionHandler(grace=60.0)
    assert signal.getsignal(signal.SIGTERM) is mine


def test_children_live_through_the_schedulers_signals_and_end_with_their_input(tmp_path, monkeypatch):
    log = tmp_path / "log"
    (tmp_path / "child.py").write_text("import sys\nprint('up', flush=True)\nsys.stdin.read()\n")
    monkeypatch.syspath_prepend(tmp_path)
    child = process.start_module("child", [], log, stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"up\n"
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM):
        os.kill(child.pid, number)
    time.sleep(0.2)
    assert child.poll() is None
    began = time.monotonic()
    process.stop(child)
    assert child.returncode == 0
    assert time.monotonic() - began < 1.5
    assert signal.pthread_sigmask(signal.SIG_BLOCK, set()) == set(), sys.version


def test_children_import_from_where_this_process_does_and_not_from_the_working_directory(tmp_path, monkeypatch):
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine" / "child.py").write_text("import socket\nprint('imported', flush=True)\n")
    (tmp_path / "theirs" / "socket.py").write_text("print('ran code of a stranger', flush=True)\n")
    monkeypatch.syspath_prepend(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "theirs")
    child = process.start_module("child", [], tmp_path / "log", stdout=subprocess.PIPE)
    assert child.stdout.read() == b"imported\n"
    process.stop(child)
