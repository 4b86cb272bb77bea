"""What a program prints, where waiting for ever or failing is no option."""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence


def program_output(command: Sequence[str], *, timeout: float, environment: Mapping[str, str] | None = None) -> str:
    """Run a program and return its standard output.

    Args:
        command: the program, found in PATH, and its arguments.
        timeout: seconds after which it is killed.
        environment: of the program; this process's where None.

    Returns:
        What it printed; empty where it is not installed, fails, or needs longer.

    """
    with tempfile.TemporaryFile() as output:  # reading a pipe would wait for whatever children the program leaves
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        except OSError:
            return ""
        try:
            failed = child.wait(timeout) != 0
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):  # a call into a broken driver may never return
                child.wait(1.0)
            return ""
        output.seek(0)
        return "" if failed else output.read().decode(errors="replace")
