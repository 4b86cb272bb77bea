"""Starts and observes runs as processes."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.conftest import ROOT

SMALL = (
    "experiment=micro_500",
    "algorithm.batch_size=16",
    "algorithm.learning_starts=60",
    "simulator.timeout=2.0",
    "hardware.threads=1",
)


@contextmanager
def started(folder, *overrides):
    """Start a run in its own process group, like a shell, and kill it at the end of the test."""
    command = [sys.executable, str(ROOT / "launch.py"), f"hydra.run.dir={folder}", *overrides]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # for reward terms that stand in tests
    with (folder.parent / "output.txt").open("w") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder.parent,
            env=environment,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition, what, seconds=60.0, pause=0.05):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(f"not within {seconds:g} s: {what}")


def status(folder):
    return json.loads((Path(folder) / "status.json").read_text())


def children(pid=None):
    return psutil.Process(pid).children(recursive=True)


def descendants_with(word, pid=None):
    """Processes below this one, or below ``pid``, with such a word in their command line."""
    return [child for child in children(pid) if word in command_line(child)]


def command_line(process):
    """Its words; none of a process that has ended, also of one that nobody has waited for."""
    with suppress(psutil.NoSuchProcess):  # psutil.ZombieProcess too
        return process.cmdline()
    return []


def simulator_of(pid):
    """The simulator process of a run, once it has one."""
    return next(iter(descendants_with("av_td3.simulator.builtin", pid)), None)


def listening_ports(processes):
    ports = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            connections = process.net_connections(kind="tcp")
            ports |= {c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN}
    return ports


def gone(processes):
    return not any(alive(process) for process in processes)


def alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_listening():
    return {c.laddr.port for c in psutil.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN}


def no_processes_in(folder):
    """Whether no process uses this folder."""
    for process in psutil.process_iter(["cmdline"]):
        if process.pid != os.getpid() and any(str(folder) in part for part in process.info["cmdline"] or ()):
            return False
    return True
