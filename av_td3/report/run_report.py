"""Writes the report of a run: ``report.html`` and ``report.json``."""

import json
from pathlib import Path

from omegaconf import OmegaConf

from av_td3.config.composition import default_config
from av_td3.config.difference import differences
from av_td3.diagnostics.finding import Severity
from av_td3.diagnostics.gate import Verdict
from av_td3.diagnostics.summary import summarize
from av_td3.report.assessment import Assessment, for_json
from av_td3.report.driving_summary import driving_summary
from av_td3.report.figures import CURVE_FIGURES, RETURN_FIGURES
from av_td3.report.other_tags import other_tags
from av_td3.report.page import plots_of, render, to_bytes
from av_td3.report.reading import (
    AS_FAR_AS_LOGGED,
    name_of,
    reading_of,
    tags_as_named,
    tags_read,
    unchecked_rules,
    unread_subjects,
    was_checked,
)
from av_td3.report.run_videos import first_and_last_video
from av_td3.runs.files import write_atomically
from av_td3.runs.folder import REPORT_DATA, REPORT_PAGE
from av_td3.runs.provenance import read_provenance


def write_report(assessment: Assessment, folder: Path) -> list[Path]:
    """Write ``report.html`` and ``report.json``.

    Args:
        assessment: the run, its gate result and its diagnosis.
        folder: an existing folder.

    Returns:
        The paths of both files.

    Raises:
        OSError: a file cannot be written.

    """
    run = assessment.run
    changed = differences(default_config(), run.config) if run.config else []
    environment = read_provenance(run.folder)
    returns, no_returns = plots_of(run, RETURN_FIGURES)
    plots, missing = plots_of(run, CURVE_FIGURES)
    page = render(
        "report.html.j2",
        run=run,
        name=name_of(run),
        gate_result=assessment.gate_result,
        diagnosis=assessment.diagnosis,
        summary=summary(assessment),
        driving=driving_summary(run),
        videos=first_and_last_video(run.folder, folder) if run.ours else [],
        returns=returns,
        no_returns=no_returns,
        plots=plots,
        missing=missing,
        others=None if run.ours else other_tags(run, [*returns, *plots]),
        reading=None if run.ours else reading_of(run),
        tags=[*tags_read(run), *((name, name) for name in tags_as_named(run))],
        was_checked=was_checked,
        unchecked=unchecked_rules(assessment.diagnosis),
        config=OmegaConf.to_yaml(OmegaConf.create(run.config)) if run.config else "",
        differences=changed,
        figures=[(tag, summarize(series)) for tag, series in sorted(run.scalars.items())],
        environment=environment,
    )
    more = {
        "config": run.config,
        "differences_from_defaults": [difference._asdict() for difference in changed],
        "status": run.status,
        "environment": environment,
    }
    content = assessment.content() | for_json(more)
    html, machine = folder / REPORT_PAGE, folder / REPORT_DATA
    write_atomically(html, lambda file: file.write(to_bytes(page)))
    write_atomically(machine, lambda file: file.write(json.dumps(content, indent=2).encode() + b"\n"))
    return [html, machine]


def summary(assessment: Assessment) -> str:
    """The most likely cause of what is wrong, or the criteria that are missed, in one sentence."""
    verdict, criteria = assessment.gate_result
    findings = assessment.diagnosis.findings
    grave = [finding.rule for finding in findings if finding.severity is Severity.CRITICAL]
    if grave:
        more = f"{len(grave) - 1} more critical finding{'s' if len(grave) > 2 else ''}"
        others = f" {more} may follow from it." if len(grave) > 1 else ""
        return f"The most likely cause: {grave[0]}.{others}"
    warnings = [finding.rule for finding in findings if finding.severity is Severity.WARNING]
    if warnings and not assessment.run.ours:
        others = f", and {len(warnings) - 1} more" if len(warnings) > 1 else ""
        return f"Nothing critical. The first warning: {warnings[0]}{others}."
    missed = [criterion.name for criterion in criteria if criterion.verdict is not Verdict.GO]
    if verdict is Verdict.GO:
        return _healthy(assessment)
    return f"{'Violated' if verdict is Verdict.NO_GO else 'Missed or unknown'}: {', '.join(missed)}."


def _healthy(assessment: Assessment) -> str:
    """What GO means; of a log of another program, which logs only some of what a run of ours does, also what is open."""
    if assessment.run.ours:
        return "Gradients, losses and values were healthy on every update; a longer run is worthwhile."
    unread = unread_subjects(assessment.gate_result)
    return f"GO {AS_FAR_AS_LOGGED}" + (f"; not checked, because not logged: {', '.join(unread)}." if unread else ".")
