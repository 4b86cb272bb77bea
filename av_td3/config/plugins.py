"""Objects that other packages add, found by the entry points of their distribution.

A package says in its ``pyproject.toml`` what it adds to a group::

    [project.entry-points."av_td3.towns"]
    Valley = "their_package.towns:VALLEY"

Nothing of it is imported before it is asked for.
"""

import traceback
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any


class PluginError(Exception):
    """An entry point that cannot be used. The message is one line that names it, and says why."""

    def __init__(self, entry_point: EntryPoint, reason: str):
        super().__init__(f"the entry point {entry_point.name} = {entry_point.value} of {entry_point.group} {reason}")


def load(entry_point: EntryPoint) -> Any:
    """Import the object of an entry point. Raises PluginError, whatever the import raises."""
    try:
        return entry_point.load()
    except (Exception, SystemExit) as error:
        raise PluginError(entry_point, f"cannot be imported ({in_one_line(error)})") from error


def described(error: BaseException) -> str:
    """What a user's code has raised and where, in one line."""
    text = in_one_line(error)
    frames = traceback.extract_tb(error.__traceback__)
    return f"{text} (at {place(frames[-1])})" if frames else text


def in_one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def place(frame: traceback.FrameSummary) -> str:
    """Folder, file, line number and line of a frame."""
    file = Path(frame.filename)
    return f"{file.parent.name}/{file.name}:{frame.lineno}, `{frame.line}`"
