"""Verdict and diagnosis on a terminal."""

import os

from rich.console import Console
from rich.table import Table
from rich.text import Text

from av_td3.diagnostics.diagnose import RULES, Diagnosis
from av_td3.diagnostics.finding import Severity
from av_td3.diagnostics.gate import Judgement, Verdict

WIDTH = 120  # of output that goes to a file or a pipe
STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold"}


def console() -> Console:
    """Standard output: as wide as the terminal, and wide enough where there is none."""
    out = Console(highlight=False)
    return out if out.is_terminal or "COLUMNS" in os.environ else Console(highlight=False, width=WIDTH)


def print_judgement(console: Console, judgement: Judgement) -> None:
    """The verdict and the table it follows from."""
    table = Table(title=f"verdict: {judgement.verdict.value}", title_justify="left", title_style="bold")
    for heading in ("criterion", "wanted", "found", ""):
        table.add_column(heading)
    for criterion in judgement.criteria:
        mark = "" if criterion.verdict is Verdict.GO else criterion.verdict.value
        table.add_row(criterion.name, criterion.wanted, criterion.found, mark)
    console.print(table)


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """What is wrong, why it is thought so, and what to change."""
    if not diagnosis.findings:
        looked = (
            f" by the {len(RULES) - len(diagnosis.unchecked)} of {len(RULES)} checks that could be made"
            if diagnosis.gaps
            else ""
        )
        console.print(f"nothing wrong was found{looked}")
    for number, finding in enumerate(diagnosis.findings, 1):
        style = STYLES[finding.severity]
        console.print(Text.assemble(f"{number}. ", (finding.rule, style), f"  ({finding.severity.value})"))
        told = Table.grid(padding=(0, 2))
        told.add_row("  ", Text("seen", "dim"), Text(finding.evidence))
        told.add_row("  ", Text("change", "dim"), Text(finding.advice))
        console.print(told)


def print_gaps(console: Console, diagnosis: Diagnosis, problems: list[str]) -> None:
    """What could not be read or looked at."""
    for problem in problems:
        console.print(Text.assemble(("note    ", "dim"), problem))
    if diagnosis.gaps:
        told = ", ".join(f"{rule} ({missing})" for rule, missing in diagnosis.gaps.items())
        console.print(Text.assemble(("not checked, for want of a tag or setting: ", "dim"), told))
