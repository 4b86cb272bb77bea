"""Verdict and diagnosis on a terminal."""

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from av_td3.diagnostics.diagnose import RULES, Diagnosis
from av_td3.diagnostics.finding import Severity
from av_td3.diagnostics.gate import GateResult, Verdict
from av_td3.report.layout import print_paragraph, print_table

WIDTH = 120  # of output that goes to a file or a pipe
MIN_WIDTH = 20  # a width below is none
STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold"}


class _Output(Console):
    """A reader that closes the pipe early (``| head``) ends the output, not the tool: files and exit code stay right."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        silence_output()


def silence_output() -> None:
    """Send what is still printed nowhere, also what Python flushes when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> Console:
    """Standard output: as wide as the terminal or as COLUMNS says, and wide enough where neither is known."""
    out, columns = _Output(highlight=False), os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) >= MIN_WIDTH:
        return out
    return out if out.is_terminal and out.width >= MIN_WIDTH else _Output(highlight=False, width=WIDTH)


def print_json(content: Any) -> None:
    """Print for machines: as long as the lines are."""
    try:
        print(json.dumps(content, indent=2), flush=True)
    except BrokenPipeError:
        silence_output()


def print_gate_result(console: Console, gate_result: GateResult) -> None:
    """The verdict and the table it follows from."""
    rows = [(c.name, c.threshold, c.measured, "" if c.verdict is Verdict.GO else c.verdict.value) for c in gate_result.criteria]
    print_table(console, f"verdict: {gate_result.verdict.value}", ("criterion", "threshold", "measured", ""), rows)


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """What is wrong, why it is thought so, and what to change."""
    if not diagnosis.findings:
        looked = (
            f" by the {len(RULES) - len(diagnosis.unchecked)} of {len(RULES)} checks that could be made"
            if diagnosis.gaps
            else ""
        )
        print_paragraph(console, f"nothing wrong was found{looked}")
    for number, finding in enumerate(diagnosis.findings, 1):
        style = STYLES[finding.severity]
        title = Text.assemble(f"{number}. ", (finding.rule, style), f"  ({finding.severity.value})")
        console.print(title, soft_wrap=True)
        print_paragraph(console, finding.evidence, "    evidence        ")
        print_paragraph(console, finding.recommendation, "    recommendation  ")


def print_problems(console: Console, problems: list[str]) -> None:
    """What could not be read."""
    for problem in problems:
        print_paragraph(console, problem, "note    ")


def print_gaps(console: Console, diagnosis: Diagnosis) -> None:
    """What could not be looked at."""
    if diagnosis.gaps:
        told = ", ".join(f"{rule} ({missing})" for rule, missing in diagnosis.gaps.items())
        print_paragraph(console, told, "not checked, missing tag or setting: ")
