"""What a person sees while a run goes on: a live panel on a terminal, a line now and then elsewhere."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

PLAIN_EVERY = 15.0  # s between lines where there is no terminal


@dataclass
class Figures:
    """The numbers that are shown. None where there is nothing yet."""

    step: int
    total_steps: int
    episodes: int
    reward: float | None
    length: float | None
    actor_loss: float | None
    critic_loss: float | None
    actor_norm: float | None
    critic_norm: float | None
    saturation: float | None
    steps_per_second: float
    seconds_left: float | None
    phase: str


class Display(Protocol):
    """Where progress is shown."""

    def show(self, figures: Figures) -> None:
        """Show the newest numbers."""

    def note(self, text: str) -> None:
        """Show one line that stays."""

    def close(self) -> None:
        """The run has ended."""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _left(seconds: float | None) -> str:
    return "-" if seconds is None else str(timedelta(seconds=round(seconds)))


class TerminalDisplay:
    """A bar and a table that stay in place."""

    def __init__(self, console: Console, total_steps: int):
        phase = TextColumn("{task.description:9}", style="bold", markup=False)
        self._bar = Progress(phase, BarColumn(None), MofNCompleteColumn(), console=console)
        self._task = self._bar.add_task("exploring", total=total_steps)
        self._live = Live(self._bar, console=console, refresh_per_second=4)
        self._live.start()

    def show(self, figures: Figures) -> None:
        """Redraw."""
        self._bar.update(self._task, completed=figures.step, description=figures.phase)
        table = Table.grid(padding=(0, 3))
        rows = (
            ("episodes", str(figures.episodes), "reward", _number(figures.reward), "length", _number(figures.length)),
            (
                "actor loss",
                _number(figures.actor_loss),
                "critic loss",
                _number(figures.critic_loss),
                "saturated",
                _number(figures.saturation),
            ),
            (
                "actor norm",
                _number(figures.actor_norm),
                "critic norm",
                _number(figures.critic_norm),
                "steps/s",
                f"{figures.steps_per_second:.1f}",
            ),
            ("time left", _left(figures.seconds_left), "", "", "", ""),
        )
        for row in rows:
            table.add_row(*(Text(cell, "dim" if i % 2 == 0 else "") for i, cell in enumerate(row)))
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

    def show(self, figures: Figures) -> None:
        """Print a line when one is due."""
        now = time.monotonic()
        if now < self._next and figures.step < figures.total_steps:
            return
        self._next = now + PLAIN_EVERY
        self.note(
            f"{figures.phase} step {figures.step}/{figures.total_steps}  episodes {figures.episodes}  "
            f"reward {_number(figures.reward)}  length {_number(figures.length)}  "
            f"actor loss {_number(figures.actor_loss)}  critic loss {_number(figures.critic_loss)}  "
            f"norms {_number(figures.actor_norm)} {_number(figures.critic_norm)}  "
            f"{figures.steps_per_second:.1f} steps/s  left {_left(figures.seconds_left)}"
        )

    def note(self, text: str) -> None:
        """Print one line."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Nothing stays open."""


def display(console: Console, total_steps: int) -> Display:
    """What suits the output."""
    return TerminalDisplay(console, total_steps) if console.is_terminal else PlainDisplay(console)
