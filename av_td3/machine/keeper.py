"""``python -m av_td3.machine.keeper``: runs a program, and leaves none of its processes behind.

A program such as CarlaUE4.sh starts others, and these outlive both the script and the run when one of them is killed. The
keeper is between the run and the program. It adopts every process whose parent has died (``PR_SET_CHILD_SUBREAPER``, prctl(2)),
so all of them are its descendants, and it kills them when its input ends, because the run has closed it or has died, and when
the program itself ends. It kills by process id, never by name.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

import psutil

_PR_SET_CHILD_SUBREAPER = 36
POLL_INTERVAL = 0.1  # s between checks of the program
DEADLINE = 1.5  # s in which the killed processes must be gone: after SIGKILL only a driver's call can take longer


def keep(command: list[str]) -> int:
    """Run a program until it or standard input ends; returns its exit code."""
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
    return 0 if code is None else code


def _input_ended() -> bool:
    readable, _, _ = select.select([sys.stdin.fileno()], [], [], POLL_INTERVAL)
    return bool(readable) and not os.read(sys.stdin.fileno(), 4096)


def kill_descendants() -> None:
    """Kill all descendants of this process, including those that start meanwhile."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        living = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
        if not living:
            return
        for process in living:
            try:
                process.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        _reap()
        time.sleep(0.02)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
