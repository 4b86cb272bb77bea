"""The result of one check."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from av_td3.config.errors import ConfigError
from av_td3.config.plugins import described
from av_td3.runs.errors import RunFailed
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

OF_A_RUN = (RunFailed, SimulatorLost, SimulatorUnavailable)  # their messages are written for the user
REPORT_IT = "please report it, with this page"


class State(Enum):
    """Whether a run would work: yes; with a disadvantage; no."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Check:
    """What a check has found.

    Attributes:
        name: of what was checked.
        state: ok, warning or problem.
        text: what was found.
        remedy: what to do about it; empty if there is nothing to do.
        numbers: measured values by name, with the unit in the name.

    """

    name: str
    state: State
    text: str
    remedy: str = ""
    numbers: dict[str, float] = field(default_factory=dict)


def ok(name: str, text: str, **numbers: float) -> Check:
    return Check(name, State.OK, text, numbers=numbers)


def warning(name: str, text: str, remedy: str, **numbers: float) -> Check:
    return Check(name, State.WARNING, text, remedy, numbers)


def problem(name: str, text: str, remedy: str, **numbers: float) -> Check:
    return Check(name, State.PROBLEM, text, remedy, numbers)


def parts(message: str) -> tuple[str, str]:
    """What was found and the remedy, of a message that gives the remedy after a semicolon."""
    found, _, remedy = message.partition("; ")
    return found, remedy


def results(name: str, check: Callable[..., Iterable[Check]], *arguments: Any) -> Iterator[Check]:
    """Call a check, and turn an exception into a problem after the results that came before it.

    Args:
        name: of the problem.
        check: yields or returns results.
        arguments: of ``check``.

    """
    try:
        yield from check(*arguments)
    except ConfigError as error:
        yield problem(name, *parts(str(error)))
    except OF_A_RUN as error:
        yield problem(name, str(error), "")
    except (Exception, SystemExit) as error:
        yield problem(name, described(error), REPORT_IT)
