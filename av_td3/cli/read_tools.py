"""``av-td3 diagnose`` and ``av-td3 gate``. Each returns the exit code."""

from pathlib import Path

from av_td3.cli.failures import TOOL_FAILED, VERDICT_CODES, print_tool_error
from av_td3.diagnostics.recorded_run import log_folders, read_log_folder, read_run, with_overrides
from av_td3.diagnostics.settings import parse_setting
from av_td3.report.assessment import Assessment, assess
from av_td3.report.layout import print_line
from av_td3.report.terminal import console, print_diagnosis, print_gaps, print_gate_result, print_json, print_problems
from av_td3.runs.errors import is_expected
from av_td3.runs.scalars import UnreadableLog


def diagnose(paths: list[Path], settings: list[str], as_json: bool) -> int:
    """``av-td3 diagnose``. A run that cannot be read gets a line on standard error and does not stop the others.

    Args:
        paths: folders of runs, or folders with runs at any depth.
        settings: texts of ``--set``, as KEY=VALUE.
        as_json: whether to print JSON instead of text.

    Returns:
        0, or 3 if no run could be read or a run caused an unexpected error.

    """
    overrides = [parse_setting(setting) for setting in settings]
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
                assessments.append(assess(with_overrides(read_log_folder(log), overrides)))
            except Exception as error:
                print_tool_error(error, log)
                sound &= is_expected(error)
    if as_json:
        contents = [assessment.content() for assessment in assessments]
        print_json(contents[0] if len(contents) == 1 else contents)
    else:
        _print(assessments)
    return 0 if assessments and sound else TOOL_FAILED


def _print(assessments: list[Assessment]) -> None:
    out = console()
    for assessment in assessments:
        print_line(out, f"{assessment.run.folder}: {assessment.gate_result.verdict.value}", style="bold")
        print_diagnosis(out, assessment.diagnosis)
        print_problems(out, assessment.run.problems)
        print_gaps(out, assessment.diagnosis)
        out.print()


def gate(path: Path, name: str | None, settings: list[str], as_json: bool) -> int:
    """``av-td3 gate``. Returns 0 for GO, 1 for NO-GO, 2 for INVESTIGATE."""
    overrides = [parse_setting(setting) for setting in settings]
    assessment = assess(with_overrides(read_run(path), overrides), name)
    content = assessment.content()
    if as_json:
        print_json({key: content[key] for key in ("run", "verdict", "criteria", "problems")})
    else:
        out = console()
        print_gate_result(out, assessment.gate_result)
        print_problems(out, assessment.run.problems)
    return VERDICT_CODES[content["verdict"]]
