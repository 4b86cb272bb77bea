"""Prints verdict and diagnosis on a terminal."""

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from av_td3.diagnostics.diagnose import Diagnosis
from av_td3.diagnostics.finding import Severity
from av_td3.diagnostics.gate import GateResult, Verdict
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.report.layout import print_paragraph, print_table
from av_td3.report.reading import (
    AS_FAR_AS_LOGGED,
    reading_of,
    return_in_words,
    tags_as_named,
    tags_read,
    unchecked_rules,
)

WIDTH = 120  # columns, of output to a file or a pipe
MIN_WIDTH = 20  # columns; smaller widths are ignored
STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold"}


class _Output(Console):
    """If the reader closes the pipe early (``| head``), output is discarded; the tool continues with files and exit code."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        silence_output()


def silence_output() -> None:
    """Discard all further output, including what Python flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> Console:
    """A console for standard output, as wide as COLUMNS or the terminal, else WIDTH."""
    out, columns = _Output(highlight=False), os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) >= MIN_WIDTH:
        return out
    return out if out.is_terminal and out.width >= MIN_WIDTH else _Output(highlight=False, width=WIDTH)


def print_json(content: Any) -> None:
    """Print JSON, without wrapping lines."""
    try:
        print(json.dumps(content, indent=2), flush=True)
    except BrokenPipeError:
        silence_output()


def print_gate_result(console: Console, gate_result: GateResult, ours: bool = True) -> None:
    """Print the verdict and the table of criteria.

    Args:
        console: to print to.
        gate_result: of the run.
        ours: whether av-td3 made the run; what another program did not log leaves its GO with a reservation.

    """
    rows = [(c.name, c.threshold, c.measured, "" if c.verdict is Verdict.GO else c.verdict.value) for c in gate_result.criteria]
    title = f"verdict: {verdict_in_words(gate_result.verdict, ours)}"
    print_table(console, title, ("criterion", "threshold", "measured", ""), rows)


def verdict_in_words(verdict: Verdict, ours: bool) -> str:
    """A verdict; a GO of another program's log has a reservation, because the log tells less than one of ours."""
    return f"{verdict.value} {AS_FAR_AS_LOGGED}" if verdict is Verdict.GO and not ours else verdict.value


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Print the findings with evidence and recommendations."""
    if not diagnosis.findings:
        checked = diagnosis.checks - len(diagnosis.unchecked)
        print_paragraph(
            console, "no findings" + (f" from {checked} of {diagnosis.checks} checks" if diagnosis.unchecked else "")
        )
    for number, finding in enumerate(diagnosis.findings, 1):
        style = STYLES[finding.severity]
        title = Text.assemble(f"{number}. ", (finding.rule, style), f"  ({finding.severity.value})")
        console.print(title, soft_wrap=True)
        print_paragraph(console, finding.evidence, "    evidence        ")
        print_paragraph(console, finding.recommendation, "    recommendation  ")


def print_problems(console: Console, problems: list[str]) -> None:
    """Print what could not be read."""
    for problem in problems:
        print_paragraph(console, problem, "note    ")


def print_reading(console: Console, run: RecordedRun) -> None:
    """Print what a log of another program was read as; nothing for a run of ours."""
    if run.ours:
        return
    print_paragraph(console, reading_of(run), "read as: ")
    tags = [*(f"{tag} as {name}" for name, tag in tags_read(run)), *tags_as_named(run)]
    if tags:
        print_paragraph(console, "; ".join(tags), "tags: ")
    words = return_in_words(run)
    if words:
        print_paragraph(console, words, "return: ")


def print_gaps(console: Console, diagnosis: Diagnosis) -> None:
    """Print in a line how many rules could not be checked, and a line for each rule of another package that failed."""
    line = unchecked_rules(diagnosis)
    if line:
        print_paragraph(console, line, "not checked: ")
    for failure in diagnosis.failures:
        print_paragraph(console, failure, "not checked: ")


def print_every_gap(console: Console, diagnosis: Diagnosis) -> None:
    """Print each rule that could not be checked, with the first tag or setting that it lacks."""
    if diagnosis.gaps:
        unchecked = ", ".join(f"{rule} ({missing})" for rule, missing in diagnosis.gaps.items())
        print_paragraph(console, unchecked, "not checked, missing tag or setting: ")
