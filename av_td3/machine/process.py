"""Child processes that cannot outlive the run."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from av_td3.machine.leases import lease_folder

_PR_SET_PDEATHSIG = 1
TERMINATION_GRACE = 2.0  # s between the end of its input and SIGKILL
SCHEDULERS_SIGNALS = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM}


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies, in whatever way (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def start_module(
    module: str, arguments: list[str], log: Path, *, pass_fds: tuple[int, ...] = (), stdout: int | None = None
) -> "subprocess.Popen[bytes]":
    """Run ``python -m module``; what it prints is appended to ``log``.

    The child gets a session of its own, so that Ctrl-C reaches only the run, which then stops it in order. A scheduler's
    signals go to every process of a job: the child is born with them blocked, and they stay so. Its standard input is a pipe
    that ends with this process. It always has a HOME, and imports from where this process does.
    """
    with log.open("ab") as output, _blocked(SCHEDULERS_SIGNALS):
        sink: int | IO[bytes] = output if stdout is None else stdout
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=output,
            cwd="/",
            env={"HOME": home_folder()} | os.environ | _same_modules(),
            pass_fds=pass_fds,
            start_new_session=True,
        )


def _same_modules() -> dict[str, str]:
    """Let a child find the modules that this process finds, and none that lies in the working directory.

    ``python -m`` puts that first: a folder with a ``carla.py`` of somebody else would be enough.
    """
    return {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path))), "PYTHONSAFEPATH": "1"}


def home_folder() -> str:
    """What HOME says, or would say after a login. Raises OSError.

    CARLA's client keeps maps there, and crashes when it is imported where HOME is not set, as in containers and under cron.
    A user whom the system does not know gets a folder of their own among the temporary ones.
    """
    home = os.path.expanduser("~")
    return home if os.path.isabs(home) else str(lease_folder("home"))


@contextlib.contextmanager
def _blocked(signals: set[signal.Signals]) -> Iterator[None]:
    """Keep signals from this thread for a moment; another one takes them, or they wait."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop(child: "subprocess.Popen[bytes]", *, grace: float = TERMINATION_GRACE) -> None:
    """End a child and whatever it started: by the end of its input, and after ``grace`` seconds by force."""
    if child.poll() is None and grace > 0.0 and child.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=grace)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
