"""``av-td3 diagnose`` and ``av-td3 gate``. Each returns the exit code."""

import json
from pathlib import Path

from av_td3.config import ConfigError
from av_td3.diagnostics.recorded_run import read_run, read_runs
from av_td3.diagnostics.scalars import UnreadableLog
from av_td3.report.assessment import Assessment, assess
from av_td3.report.command import reads, say, told
from av_td3.report.terminal import console, print_diagnosis, print_gaps, print_judgement

VERDICT_CODES = {"GO": 0, "NO-GO": 1, "INVESTIGATE": 2}


def diagnose(paths: list[Path], settings: list[str], as_json: bool) -> int:
    """``av-td3 diagnose``. A run that cannot be read is told on stderr; the others are diagnosed all the same."""
    assessments: list[Assessment] = []
    code = 0
    for path in paths:
        try:
            assessments += [assess(told(run, settings)) for run in read_runs(path)]
        except (UnreadableLog, ConfigError, OSError) as error:
            code = say(error)
    if as_json:
        contents = [assessment.content() for assessment in assessments]
        print(json.dumps(contents[0] if len(contents) == 1 else contents, indent=2))
        return code
    out = console()
    for assessment in assessments:
        out.print(f"{assessment.run.folder}: {assessment.judgement.verdict.value}", style="bold", soft_wrap=True)
        print_diagnosis(out, assessment.diagnosis)
        print_gaps(out, assessment.diagnosis, assessment.run.problems)
        out.print()
    return code


@reads
def gate(path: Path, name: str | None, settings: list[str], as_json: bool) -> int:
    """``av-td3 gate``."""
    assessment = assess(told(read_run(path), settings), name)
    content = assessment.content()
    if as_json:
        print(json.dumps({key: content[key] for key in ("run", "verdict", "criteria", "problems")}, indent=2))
    else:
        out = console()
        print_judgement(out, assessment.judgement)
        for problem in assessment.run.problems:
            out.print(problem, markup=False)
    return VERDICT_CODES[content["verdict"]]
