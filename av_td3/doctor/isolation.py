"""Checks in a process of their own: PyTorch, a GPU's driver and CARLA's client can crash, or hang without a timeout."""

import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from av_td3.doctor.check import Check, problem, results
from av_td3.machine import process

LAST_WORDS = 300  # characters of what a process wrote before it crashed


def isolated(name: str, check: Callable[..., Iterable[Check]], *arguments: Any, limit: float) -> Iterator[Check]:
    """Call a check in a process of its own. Results that came before a crash or the time limit are kept.

    Args:
        name: of the problem that a crash or the time limit is.
        check: a function of a module; yields or returns results.
        arguments: of ``check``; they are pickled.
        limit: seconds that the process may take.

    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    with TemporaryDirectory(prefix="av_td3-doctor-") as folder:
        output = Path(folder) / "output"
        child = context.Process(target=_answer, args=(theirs, os.getpid(), output, name, pickle.dumps((check, arguments))))
        child.start()
        theirs.close()
        deadline = time.monotonic() + limit
        try:
            while ours.poll(max(0.0, deadline - time.monotonic())):
                result = ours.recv()
                if result is None:
                    return
                yield result
            yield problem(name, f"did not end within {limit:g} s", "see whether the driver or the server hangs")
        except EOFError:
            child.join()
            yield problem(name, f"its process crashed: {_how(child.exitcode)}{_last_words(output)}", "")
        finally:
            child.kill()
            child.join()
            ours.close()


def _answer(connection: Connection, parent: int, output: Path, name: str, pickled: bytes) -> None:
    """Send the results, then None. What the libraries print goes to a file."""
    process.die_with_parent(parent)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    for result in results(name, _unpickled, pickled):
        connection.send(result)
    connection.send(None)
    connection.close()
    os._exit(0)  # the client library's destructors can abort or hang


def _unpickled(pickled: bytes) -> Iterator[Check]:
    """Import the check only here, where a failure is a result."""
    check, arguments = pickle.loads(pickled)
    yield from check(*arguments)


def _how(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _last_words(output: Path) -> str:
    lines = output.read_text(errors="replace").split("\n") if output.exists() else []
    said = " ".join(" ".join(lines[-3:]).split())
    return f" ({said[-LAST_WORDS:]})" if said else ""
