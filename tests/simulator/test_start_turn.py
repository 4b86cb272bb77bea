import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from av_td3.simulator.start_turn import wait_for_turn

TURN = """
import pathlib, sys, threading, time
from av_td3.simulator import start_turn
start_turn.lease_folder = lambda kind: pathlib.Path(sys.argv[1])
start_turn.wait_for_turn(0.5, 20.0, threading.Event())
print(time.time())
"""
HOLD = "import filelock, sys, time; lock = filelock.FileLock(sys.argv[1]); lock.acquire(); print(flush=True); time.sleep(60)"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("av_td3.simulator.start_turn.lease_folder", lambda kind: tmp_path)
    return tmp_path


def test_starts_of_several_processes_are_some_time_apart(folder):
    command = [sys.executable, "-c", TURN, str(folder)]
    waiting = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    turns = sorted(float(process.communicate()[0]) for process in waiting)
    assert all(after - before >= 0.49 for before, after in pairwise(turns))


def test_the_first_one_does_not_wait(folder):
    began = time.monotonic()
    wait_for_turn(5.0, 20.0, threading.Event())
    assert time.monotonic() - began < 1.0


def test_nobody_waits_for_ever(folder):
    wait_for_turn(0.0, 1.0, threading.Event())
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder / "start_turn.lock")], stdout=subprocess.PIPE)
    holder.stdout.readline()
    began = time.monotonic()
    wait_for_turn(0.0, 0.5, threading.Event())
    assert 0.4 < time.monotonic() - began < 3.0
    holder.kill()
    holder.wait()


def test_a_wait_can_be_cancelled(folder):
    wait_for_turn(0.0, 1.0, threading.Event())
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    began = time.monotonic()
    wait_for_turn(60.0, 60.0, cancelled)
    assert time.monotonic() - began < 3.0
