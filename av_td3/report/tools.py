"""What the reading tools of ``av-td3`` do. Each returns the exit code."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.config import ConfigError
from av_td3.diagnostics.recorded_run import RecordedRun, read_run, read_runs
from av_td3.diagnostics.scalars import UnreadableLog
from av_td3.report.assessment import Assessment, assess
from av_td3.report.comparison import compare as set_side_by_side
from av_td3.report.comparison import write_comparison
from av_td3.report.run_report import write_report
from av_td3.report.sweep import read_sweep
from av_td3.report.sweep_report import print_sweep, write_sweep
from av_td3.report.terminal import console, print_diagnosis, print_gaps, print_judgement

UNREADABLE = 3  # 0 to 2 are verdicts
VERDICT_CODES = {"GO": 0, "NO-GO": 1, "INVESTIGATE": 2}


def _reads(tool: Callable[..., int]) -> Callable[..., int]:
    """What cannot be read ends the tool with one line."""

    @wraps(tool)
    def guarded(*arguments: object) -> int:
        try:
            return tool(*arguments)
        except (UnreadableLog, ConfigError, OSError) as error:
            return _say(error)

    return guarded


def _say(error: Exception) -> int:
    where = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
    print(f"error: {' '.join(where.split())}", file=sys.stderr)
    return UNREADABLE


def diagnose(paths: list[Path], settings: list[str], as_json: bool) -> int:
    """``av-td3 diagnose``. A run that cannot be read is told on stderr; the others are diagnosed all the same."""
    assessments: list[Assessment] = []
    code = 0
    for path in paths:
        try:
            assessments += [assess(_told(run, settings)) for run in read_runs(path)]
        except (UnreadableLog, ConfigError, OSError) as error:
            code = _say(error)
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


@_reads
def gate(path: Path, name: str | None, settings: list[str], as_json: bool) -> int:
    """``av-td3 gate``."""
    assessment = assess(_told(read_run(path), settings), name)
    content = assessment.content()
    if as_json:
        print(json.dumps({key: content[key] for key in ("run", "verdict", "criteria", "problems")}, indent=2))
    else:
        out = console()
        print_judgement(out, assessment.judgement)
        for problem in assessment.run.problems:
            out.print(problem, markup=False)
    return VERDICT_CODES[content["verdict"]]


@_reads
def report(path: Path, output: Path | None, settings: list[str]) -> int:
    """``av-td3 report``."""
    assessment = assess(_told(read_run(path), settings))
    folder = _writable(output, assessment.run.folder)
    out = console()
    for written in write_report(assessment, folder):
        out.print(str(written), soft_wrap=True, markup=False)
    return 0


@_reads
def compare(baseline: Path, candidate: Path, output: Path | None) -> int:
    """``av-td3 compare``."""
    comparison = set_side_by_side(assess(read_run(baseline)), assess(read_run(candidate)))
    folder = _writable(output, comparison.candidate.run.folder)
    out = console()
    out.print(comparison.sentence, markup=False)
    for written in write_comparison(comparison, folder):
        out.print(str(written), soft_wrap=True, markup=False)
    return 0


@_reads
def sweep(folder: Path, output: Path | None) -> int:
    """``av-td3 sweep``."""
    runs = read_sweep(folder)
    out = console()
    print_sweep(out, runs)
    for written in write_sweep(runs, _writable(output, folder)):
        out.print(str(written), soft_wrap=True, markup=False)
    return 0


def _writable(output: Path | None, otherwise: Path) -> Path:
    """The folder to write to, made where it was asked for."""
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        return output
    return otherwise if otherwise.is_dir() else Path()


def _told(run: RecordedRun, settings: list[str]) -> RecordedRun:
    """The run with settings that its log does not hold. Raises ConfigError."""
    try:
        told = OmegaConf.merge(run.config, OmegaConf.from_dotlist(settings))
    except (OmegaConfBaseException, YAMLError, ValueError) as error:
        raise ConfigError(f"--set {' '.join(settings)}: {' '.join(str(error).split())}") from error
    config = OmegaConf.to_container(told)
    assert isinstance(config, dict)
    run.config = {str(key): value for key, value in config.items()}
    return run
