"""``python -m av_td3.machine.keeper REMOVE PROGRAM...``: runs a program, and leaves none of its processes behind.

A program such as CarlaUE4.sh starts others, and these outlive both the script and the run when one of them is killed. The
keeper is between the run and the program. It adopts every process whose parent has died (``PR_SET_CHILD_SUBREAPER``, prctl(2)),
so all of them are its descendants, and it kills them when its input ends, because the run has closed it or has died, and when
the program itself ends. It kills by process id, never by name.
"""

import contextlib
import ctypes
import json
import os
import select
import subprocess
import sys
import time

import psutil

_PR_SET_CHILD_SUBREAPER = 36
POLL_INTERVAL = 0.1  # s between checks of the program
REMOVE_TIMEOUT = 20.0  # s
DEADLINE = 1.5  # s in which the killed processes must be gone: after SIGKILL only a driver's call can take longer


def keep(remove: list[str], command: list[str]) -> int:
    """Run a program until it or standard input ends; returns its exit code.

    Args:
        remove: the command that removes the container of the program, which is no child of it; empty without one.
        command: the program and its arguments.

    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror or error}", file=sys.stderr)
        return 127
    while program.poll() is None and not _input_ended():
        pass
    code = program.poll()
    kill_descendants()
    if remove:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(remove, stdin=subprocess.DEVNULL, timeout=REMOVE_TIMEOUT)
    return 0 if code is None else code


def _input_ended() -> bool:
    readable, _, _ = select.select([sys.stdin.fileno()], [], [], POLL_INTERVAL)
    return bool(readable) and not os.read(sys.stdin.fileno(), 4096)


def kill_descendants() -> None:
    """Kill all descendants of this process, including those that start meanwhile."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        living = [process for process in psutil.Process().children(recursive=True) if _kill(process)]
        if not living:
            return
        _reap()
        time.sleep(0.02)


def _kill(process: psutil.Process) -> bool:
    """Kill a process; False if it has ended, or may not be killed."""
    with contextlib.suppress(psutil.Error):
        if process.status() != psutil.STATUS_ZOMBIE:
            process.kill()
            return True
    return False


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    sys.exit(keep(json.loads(sys.argv[1]), sys.argv[2:]))
