"""Prints the results: a table and remedies, or JSON. Both can be pasted into a bug report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from av_td3.doctor.check import Check, State
from av_td3.doctor.privacy import shareable
from av_td3.report.layout import print_line, print_paragraph, print_table


def print_report(console: Console, title: str, checks: Sequence[Check], seconds: float) -> None:
    """Print a table of all checks, the remedies, and how many warnings and problems there are.

    Args:
        console: to print to.
        title: the command.
        checks: the results.
        seconds: that all checks took.

    """
    rows = [(check.state.value, check.name, shareable(check.text)) for check in checks]
    print_table(console, title, ("state", "check", "found"), rows)
    for state in (State.PROBLEM, State.WARNING):
        for check in checks:
            if check.state is state and check.remedy:
                print_paragraph(console, shareable(check.remedy), f"{state.value}: {check.name}: ", "bold")
    print_line(console, f"{_counted(checks, State.PROBLEM)}, {_counted(checks, State.WARNING)}, in {seconds:.0f} s")


def content(about: Mapping[str, Any], checks: Sequence[Check], seconds: float) -> dict[str, Any]:
    """The same for JSON.

    Args:
        about: version and overrides.
        checks: the results.
        seconds: that all checks took.

    """
    states = Counter(check.state for check in checks)
    return {
        **about,
        "seconds": round(seconds, 1),
        "problems": states[State.PROBLEM],
        "warnings": states[State.WARNING],
        "checks": [
            {
                "name": check.name,
                "state": check.state.value,
                "text": shareable(check.text),
                "remedy": shareable(check.remedy),
                "numbers": check.numbers,
            }
            for check in checks
        ],
    }


def _counted(checks: Sequence[Check], state: State) -> str:
    number = sum(check.state is state for check in checks)
    return f"{number or 'no'} {state.value}{'' if number == 1 else 's'}"
