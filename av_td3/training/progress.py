"""The progress display: a live panel on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

PLAIN_INTERVAL = 15.0  # s between lines where there is no terminal
COLUMNS = 3  # of the panel


@dataclass
class Progress:
    """What is shown. A number is None where there is nothing yet."""

    phase: str
    step: int
    total_steps: int
    episodes: int
    numbers: Mapping[str, float | None]  # by label
    steps_per_second: float
    seconds_left: float | None


class Display(Protocol):
    """Where progress is shown."""

    def show(self, progress: Progress) -> None:
        """Show the newest numbers."""

    def note(self, text: str) -> None:
        """Print one line that stays."""

    def close(self) -> None:
        """The run has ended."""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def batched(items: Iterable[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    """Lists of ``size`` items, the last one perhaps shorter (itertools.batched needs Python 3.12)."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _left(seconds: float | None) -> str:
    return "-" if seconds is None else str(timedelta(seconds=round(seconds)))


class TerminalDisplay:
    """A bar and a table that stay in place."""

    def __init__(self, console: Console, total_steps: int):
        phase = TextColumn("{task.description:9}", style="bold", markup=False)
        self._bar = ProgressBar(phase, BarColumn(None), MofNCompleteColumn(), console=console)
        self._task = self._bar.add_task("exploring", total=total_steps)
        self._live = Live(self._bar, console=console, refresh_per_second=4)
        self._live.start()

    def show(self, progress: Progress) -> None:
        self._bar.update(self._task, completed=progress.step, description=progress.phase)
        cells = {"episodes": str(progress.episodes), **{label: _number(value) for label, value in progress.numbers.items()}}
        cells |= {"steps/s": f"{progress.steps_per_second:.1f}", "time left": _left(progress.seconds_left)}
        table = Table.grid(padding=(0, 3))
        for row in batched(cells.items(), COLUMNS):
            table.add_row(*(text for label, value in row for text in (Text(label, "dim"), Text(value))))
        self._live.update(Group(self._bar, table))

    def note(self, text: str) -> None:
        """Print above the panel."""
        self._live.console.print(text, highlight=False, markup=False)

    def close(self) -> None:
        """Leave the last state on the screen."""
        self._live.stop()


class PlainDisplay:
    """One line every few seconds, for files and pipes."""

    def __init__(self, console: Console):
        self._console = console
        self._next = 0.0

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if now < self._next and progress.step < progress.total_steps:
            return
        self._next = now + PLAIN_INTERVAL
        numbers = "  ".join(f"{label} {_number(value)}" for label, value in progress.numbers.items())
        self.note(
            f"{progress.phase} step {progress.step}/{progress.total_steps}  episodes {progress.episodes}  {numbers}  "
            f"{progress.steps_per_second:.1f} steps/s  left {_left(progress.seconds_left)}"
        )

    def note(self, text: str) -> None:
        """Print one line."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Nothing stays open."""


def open_display(console: Console, total_steps: int) -> Display:
    """A panel on a terminal, lines elsewhere."""
    return TerminalDisplay(console, total_steps) if console.is_terminal else PlainDisplay(console)
