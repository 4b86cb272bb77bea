"""The keeper with real programs."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from av_td3.machine import process
from tests.system.runs import gone, until

TREE = "sleep 100 & (setsid sleep 100 &) ; trap '' TERM; echo started; wait"


@pytest.fixture
def keep(tmp_path):
    kept = []

    def start(*command):
        log = tmp_path / "log"
        kept.append(process.start_module("av_td3.machine.keeper", ["[]", *command], log))
        return kept[-1], log

    yield start
    for child in kept:
        process.stop(child)


def family(keeper, count):
    """All descendants, once there are as many."""
    return until(lambda: enough(psutil.Process(keeper.pid).children(recursive=True), count), "the processes")


def enough(processes, count):
    return processes if len(processes) >= count else None


def test_all_processes_end_with_its_input(keep):
    keeper, _ = keep("bash", "-c", TREE)
    processes = family(keeper, 3)
    process.stop(keeper)
    assert gone(processes)


def test_all_processes_end_when_the_program_is_killed(keep):
    keeper, _ = keep("bash", "-c", TREE)
    processes = family(keeper, 3)
    program = next(p for p in processes if p.name() == "bash")
    program.kill()
    assert keeper.wait(timeout=10.0) != 0
    assert gone(processes)


def test_all_processes_end_with_the_process_that_started_the_keeper(tmp_path):
    code = (
        "from av_td3.machine import process; from pathlib import Path; import time;"
        f"k = process.start_module('av_td3.machine.keeper', ['[]', 'bash', '-c', {TREE!r}], Path({str(tmp_path / 'log')!r}));"
        "print(k.pid, flush=True); time.sleep(100)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    keeper = psutil.Process(int(parent.stdout.readline()))
    processes = until(lambda: enough(keeper.children(recursive=True), 3), "the processes")
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    until(lambda: gone([keeper, *processes]), "the end of all", seconds=10.0)


def test_the_exit_code_is_that_of_the_program(keep):
    keeper, log = keep("bash", "-c", "echo output; exit 7")
    assert keeper.wait(timeout=10.0) == 7
    assert log.read_text() == "output\n"


def test_a_program_that_does_not_exist(keep):
    keeper, log = keep("/nowhere/program")
    assert keeper.wait(timeout=10.0) == 127
    assert "cannot run /nowhere/program: No such file or directory" in log.read_text()


def test_processes_that_come_and_go_all_end(keep, tmp_path):
    """Some are gone between being listed and being killed."""
    busy = "for _ in 1 2 3 4; do (while :; do /bin/true & done) & done; setsid sleep 777 & wait"
    for _ in range(3):
        keeper, _ = keep("bash", "-c", busy)
        processes = family(keeper, 5)
        keeper.stdin.close()
        assert keeper.wait(timeout=10.0) == 0
        assert gone(processes)


def test_what_is_no_child_is_removed_by_a_command(tmp_path):
    command = [json.dumps(["touch", str(tmp_path / "removed")]), "sleep", "100"]
    keeper = process.start_module("av_td3.machine.keeper", command, tmp_path / "log")
    keeper.stdin.close()
    keeper.wait(timeout=10.0)
    assert (tmp_path / "removed").exists()
