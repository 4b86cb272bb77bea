import os
import subprocess
import sys

import pytest

from av_td3.machine import core_shares
from av_td3.machine.core_shares import CoreShare, Registration, fair_share
from tests.conftest import ROOT

HOLD = (
    "import sys; from av_td3.machine.core_shares import CoreShare; s = CoreShare({}); "
    "print(s.threads(), flush=True); sys.stdin.read()"
)


def sharing(*threads):
    return [Registration(False, number, 1) for number in threads]


@pytest.mark.parametrize(
    ("cores", "maximum", "others", "part"),
    [
        (8, 8, [], 8),
        (8, 3, [], 3),
        (8, 8, sharing(8), 4),
        (8, 8, sharing(8, 8), 2),
        (8, 8, sharing(1), 7),  # the other can use one only
        (8, 8, sharing(1, 8), 3),
        (2, 2, sharing(2, 2, 2), 1),  # never less
        (8, 8, [Registration(True, 6, 1)], 2),
        (8, 8, [Registration(True, 6, 1), *sharing(8)], 1),
        (2, 2, [Registration(True, 4, 1)], 1),
        (8, 2, sharing(8), 2),
    ],
)
def test_cores_are_shared_equally_and_unused_ones_go_to_the_others(cores, maximum, others, part):
    assert fair_share(cores, maximum, others) == part


@pytest.fixture
def machine(monkeypatch):
    """Eight cores, and no OMP_NUM_THREADS, whatever this machine has; no registrations but those of the test."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(core_shares, "usable_cores", lambda: 8)
    monkeypatch.setattr(core_shares, "PREFIX", f"av_td3-test-{os.getpid()}")


def test_runs_see_each_other_start_and_end(machine):
    first = CoreShare(None)
    assert first.threads() == 8
    second, fixed = CoreShare(None), CoreShare(2)
    assert (first.threads(), second.threads(), fixed.threads()) == (3, 3, 2)
    second.close()
    assert first.threads() == 6
    fixed.close()
    assert first.threads() == 8
    first.close()


def test_omp_num_threads_limits_a_run(machine, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    limited = CoreShare(None)
    assert limited.threads() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    free = CoreShare(None)
    assert free.threads() == 6
    limited.close()
    free.close()


def test_a_run_on_other_cpus_does_not_count(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    here = CoreShare(None)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {2, 3})
    there = CoreShare(None)
    assert here.threads() == there.threads() == 8
    here.close()
    there.close()


def test_a_killed_process_leaves_its_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    command = [sys.executable, "-c", HOLD.format(1)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert other.stdout.readline() == b"1\n"
    fixed = f":fixed:1:{sum(1 << cpu for cpu in os.sched_getaffinity(other.pid)):x}:"
    before = core_shares.SOCKETS.read_text().count(fixed)
    other.kill()
    other.wait()
    assert core_shares.SOCKETS.read_text().count(fixed) == before - 1


def test_a_machine_of_very_many_cores_and_one_that_hides_its_sockets_run_too(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(512)))
    many, few = CoreShare(None), CoreShare(None)
    assert many.threads() == 4  # both are seen
    monkeypatch.setattr(core_shares, "SOCKETS", core_shares.SOCKETS.with_name("nowhere"))
    assert few.threads() == 8
    many.close()
    few.close()
