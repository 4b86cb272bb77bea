"""Child processes that cannot outlive the run."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from av_td3.machine.leases import lease_folder

_PR_SET_PDEATHSIG = 1
TERMINATION_GRACE = 2.0  # s between the end of a child's input and SIGKILL
SCHEDULERS_SIGNALS = {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM}


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent dies (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call
        os.kill(os.getpid(), signal.SIGKILL)


def start_module(
    module: str,
    arguments: list[str],
    log: Path,
    *,
    pass_fds: tuple[int, ...] = (),
    stdout: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start ``python -m module`` as a child process, with the import path of this one.

    Args:
        module: name of the module.
        arguments: of the command line.
        log: as for ``start_program``, like the others.
        pass_fds: file descriptors that the child inherits.
        stdout: where standard output goes instead.
        environment: further variables.

    """
    variables = same_modules() | dict(environment or {})
    return start_program([*module_command(module), *arguments], log, pass_fds=pass_fds, stdout=stdout, environment=variables)


def module_command(module: str) -> list[str]:
    """``python -m module`` of this interpreter."""
    return [sys.executable, "-m", module]


def start_program(
    command: list[str],
    log: Path,
    *,
    pass_fds: tuple[int, ...] = (),
    stdout: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a child process.

    The child gets a session of its own, so that Ctrl-C reaches only the run, which then stops the child. Schedulers signal
    every process of a job, so the child starts with their signals blocked. Its standard input is a pipe that closes with this
    process. It always has a HOME.

    Args:
        command: the program and its arguments.
        log: file to which standard error, and standard output unless redirected, are appended.
        pass_fds: file descriptors that the child inherits.
        stdout: where standard output goes instead, as for ``subprocess.Popen``.
        environment: variables that the child gets in addition to those of this process.

    """
    with log.open("ab") as output, _blocked(SCHEDULERS_SIGNALS):
        sink: int | IO[bytes] = output if stdout is None else stdout
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=output,
            cwd="/",
            env={"HOME": home_folder()} | os.environ | dict(environment or {}),
            pass_fds=pass_fds,
            start_new_session=True,
        )


def same_modules() -> dict[str, str]:
    """Variables that give a child the import path of this process, without the working directory.

    ``python -m`` would put that first, and import an unrelated ``carla.py`` from it.
    """
    return {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path))), "PYTHONSAFEPATH": "1"}


def home_folder() -> str:
    """The user's home folder, from HOME or the password database; for an unknown user, a private temporary folder.

    CARLA's client keeps maps there, and crashes on import where HOME is not set, as in containers and under cron.

    Raises:
        OSError: the user is unknown, and no temporary folder is safe.

    """
    home = os.path.expanduser("~")
    return home if os.path.isabs(home) else str(lease_folder("home"))


@contextlib.contextmanager
def _blocked(signals: set[signal.Signals]) -> Iterator[None]:
    """Block signals in this thread; another thread receives them, or they stay pending."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop(child: "subprocess.Popen[bytes]", *, grace: float = TERMINATION_GRACE) -> None:
    """Stop a child and its own children: close its input, and kill it after ``grace`` seconds.

    Args:
        child: started by ``start_program``.
        grace: seconds; 0 kills at once.

    """
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
