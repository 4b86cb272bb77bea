"""``av-td3 diagnose`` and ``av-td3 gate``. Each returns the exit code."""

from pathlib import Path

from av_td3.cli.corrections import parse_corrections
from av_td3.cli.failures import TOOL_FAILED, VERDICT_CODES, print_tool_error
from av_td3.diagnostics.recorded_run import log_folders, read_log_runs, read_run
from av_td3.report.assessment import Assessment, assess
from av_td3.report.layout import print_line
from av_td3.report.terminal import (
    console,
    print_diagnosis,
    print_every_gap,
    print_gaps,
    print_gate_result,
    print_json,
    print_problems,
    print_reading,
    verdict_in_words,
)
from av_td3.runs.errors import is_expected
from av_td3.runs.scalars import UnreadableLog


def diagnose(paths: list[Path], settings: list[str], tags: list[str], as_json: bool, verbose: bool) -> int:
    """``av-td3 diagnose``. A run that cannot be read gets a line on standard error and does not stop the others.

    Args:
        paths: folders of runs, or folders with runs at any depth.
        settings: texts of ``--set``, as KEY=VALUE.
        tags: texts of ``--tag``, as TAG=NAME.
        as_json: whether to print JSON instead of text.
        verbose: whether to list the rules that could not be checked.

    Returns:
        0, or 3 if no run could be read or a run caused an unexpected error.

    """
    corrections = parse_corrections(settings, tags)
    assessments: list[Assessment] = []
    sound = True
    for path in paths:
        closed: list[str] = []
        try:
            logs = log_folders(path, closed)
        except UnreadableLog as error:
            print_tool_error(error)
            continue
        for folder in closed:
            print_tool_error(UnreadableLog(folder))
        for log in logs:
            try:
                assessments += [assess(corrections.applied_to(run)) for run in read_log_runs(log)]
            except Exception as error:
                print_tool_error(error, log)
                sound &= is_expected(error)
    if as_json:
        contents = [assessment.content() for assessment in assessments]
        print_json(contents[0] if len(contents) == 1 else contents)
    else:
        _print(assessments, verbose)
    return 0 if assessments and sound else TOOL_FAILED


def _print(assessments: list[Assessment], verbose: bool) -> None:
    out = console()
    for assessment in assessments:
        verdict = verdict_in_words(assessment.gate_result.verdict, bool(assessment.run.ours))
        print_line(out, f"{assessment.run.title}: {verdict}", style="bold")
        print_reading(out, assessment.run)
        print_diagnosis(out, assessment.diagnosis)
        print_problems(out, assessment.run.problems)
        print_gaps(out, assessment.diagnosis)
        if verbose:
            print_every_gap(out, assessment.diagnosis)
        out.print()


def gate(path: Path, name: str | None, settings: list[str], tags: list[str], as_json: bool) -> int:
    """``av-td3 gate``. Returns 0 for GO, 1 for NO-GO, 2 for INVESTIGATE."""
    assessment = assess(parse_corrections(settings, tags).applied_to(read_run(path)), name)
    content = assessment.content()
    if as_json:
        print_json({key: content[key] for key in ("run", "verdict", "criteria", "problems")})
    else:
        out = console()
        print_reading(out, assessment.run)
        print_gate_result(out, assessment.gate_result, bool(assessment.run.ours))
        print_problems(out, assessment.run.problems)
    return VERDICT_CODES[content["verdict"]]
