"""How often the diagnosis of logs of other programs is right, on labelled logs, vs. runmedic on the same logs.

    python bench/error_rate.py
    pip install runmedic && python bench/error_rate.py --baseline runmedic

Both read each log in the same run. A run counts as detected if it is not GO here, if runmedic has a critical finding or a
warning.
"""

import argparse
import json
import subprocess
from collections import Counter, defaultdict
from typing import NamedTuple

from labelled_logs import CAUSES, Label, read_labels
from rich.console import Console
from rich.table import Table

from av_td3.diagnostics.recorded_run import read_run
from av_td3.report.assessment import assess


class Answer(NamedTuple):
    """What a tool says of a log: whether something is wrong, and the findings with their severity."""

    broken: bool
    findings: list[tuple[str, str]]
    verdict: str

    @property
    def grave(self) -> list[str]:
        """Critical findings and warnings."""
        return [rule for rule, severity in self.findings if severity != "info"]


def ours(label: Label) -> Answer:
    """The answer of this package."""
    assessment = assess(read_run(label.log))
    findings = [(finding.rule, finding.severity.value) for finding in assessment.diagnosis.findings]
    verdict = assessment.gate_result.verdict.value
    return Answer(verdict != "GO", findings, verdict)


def theirs(label: Label, command: str) -> Answer:
    """The answer of runmedic."""
    result = subprocess.run([command, "diagnose", str(label.log), "--json"], capture_output=True, text=True, check=False)
    runs = json.loads(result.stdout or "[]")
    findings = [(finding["check"], finding["severity"]) for run in runs for finding in run["findings"]]
    grave = [rule for rule, severity in findings if severity != "info"]
    return Answer(bool(grave), findings, "broken" if grave else "healthy")


def rates(labels: list[Label], answers: dict[str, dict[str, Answer]]) -> Table:
    """Recall by cause, and false findings of healthy runs, of each tool."""
    table = Table("cause", "runs", *(f"{tool}: detected" for tool in answers), "ours: cause named")
    failed: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        if label.outcome == "failed":
            failed[label.mutation].append(label)
    for mutation, group in sorted(failed.items()):
        detected = [f"{sum(answer[label.name].broken for label in group)}" for answer in answers.values()]
        named = sum(bool(set(answers["ours"][label.name].grave) & set(CAUSES[mutation])) for label in group)
        table.add_row(mutation, str(len(group)), *detected, str(named) if mutation != "none" else "-")
    every = [label for group in failed.values() for label in group]
    totals = [f"{sum(answer[label.name].broken for label in every)}" for answer in answers.values()]
    table.add_row("all that failed", str(len(every)), *totals, "")
    healthy = [label for label in labels if label.outcome == "learned"]
    wrong = [f"{sum(answer[label.name].broken for label in healthy)}" for answer in answers.values()]
    table.add_row("learned, called broken", str(len(healthy)), *wrong, "")
    false = [f"{sum(len(answer[label.name].grave) for label in healthy) / len(healthy):.2f}" for answer in answers.values()]
    table.add_row("false findings per learned run", str(len(healthy)), *false, "")
    return table


def confusion(labels: list[Label], answers: dict[str, Answer]) -> Table:
    """The verdicts by outcome."""
    verdicts = sorted({answer.verdict for answer in answers.values()})
    table = Table("outcome", *verdicts)
    for outcome in ("learned", "partly", "failed"):
        counted = Counter(answers[label.name].verdict for label in labels if label.outcome == outcome)
        table.add_row(outcome, *(str(counted[verdict]) for verdict in verdicts))
    return table


def every_log(labels: list[Label], answers: dict[str, dict[str, Answer]]) -> Table:
    """Each log with the answers."""
    table = Table(
        "log", "batch", "program", "algorithm", "task", "mutation", "return", "outcome", "ours", "right", *list(answers)[1:]
    )
    for label in labels:
        answer = answers["ours"][label.name]
        right = "yes" if label.is_right(answer.verdict, answer.findings) else "NO"
        others = [", ".join(other[label.name].grave) or "-" for tool, other in answers.items() if tool != "ours"]
        said = f"{answer.verdict}: {', '.join(answer.grave)}" if answer.grave else answer.verdict
        task = label.env.partition("-")[0]
        table.add_row(
            *(label.name, label.batch, label.program, label.algorithm, task, label.mutation, f"{label.final_return:.0f}"),
            *(label.outcome, said, right, *others),
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", help="the command of runmedic")
    parser.add_argument("--quick", action="store_true", help="three logs only, to see that it works")
    arguments = parser.parse_args()
    labels = read_labels()[: 3 if arguments.quick else None]
    answers = {"ours": {label.name: ours(label) for label in labels}}
    if arguments.baseline:
        answers["runmedic"] = {label.name: theirs(label, arguments.baseline) for label in labels}
    console = Console(width=200)
    console.print(every_log(labels, answers))
    console.print(rates(labels, answers))
    for tool, answer in answers.items():
        console.print(f"verdicts of {tool}")
        console.print(confusion(labels, answer))
    right = sum(label.is_right(answers["ours"][label.name].verdict, answers["ours"][label.name].findings) for label in labels)
    console.print(f"ours is right on {right} of {len(labels)} logs")


if __name__ == "__main__":
    main()
