"""``av-td3 report``, ``compare`` and ``sweep``. Each writes pages and returns exit code 0."""

import time
from collections.abc import Callable
from pathlib import Path

from av_td3.cli.corrections import parse_corrections
from av_td3.cluster.submission import queue_state
from av_td3.config.errors import ConfigError
from av_td3.diagnostics.recorded_run import read_run
from av_td3.report.assessment import assess
from av_td3.report.comparison import compare as compare_runs
from av_td3.report.comparison import write_comparison
from av_td3.report.evaluation_comparison import compare_evaluations as paired_comparison
from av_td3.report.evaluation_comparison_page import write_evaluation_comparison
from av_td3.report.evaluation_page import write_evaluation_page
from av_td3.report.evaluation_terminal import print_evaluation
from av_td3.report.layout import print_line, print_paragraph
from av_td3.report.run_report import write_report
from av_td3.report.sweep import read_sweep
from av_td3.report.sweep_report import print_sweep, write_sweep
from av_td3.report.terminal import console, print_problems, print_reading
from av_td3.runs.evaluation_folder import is_evaluation, read_evaluation_folder, videos_of
from av_td3.runs.status import UNFINISHED

WATCH_INTERVAL = 5.0  # s
QUEUE_INTERVAL = 30.0  # s; every question costs SLURM's controller time


def report(path: Path, output: Path | None, settings: list[str], tags: list[str]) -> int:
    if is_evaluation(path):
        return report_evaluation(path, output)
    assessment = assess(parse_corrections(settings, tags).applied_to(read_run(path)))
    folder = _folder_for(output, assessment.run.folder)
    written = _written(folder, lambda: write_report(assessment, folder))
    out = console()
    print_reading(out, assessment.run)
    print_problems(out, assessment.run.problems)
    for page in written:
        print_line(out, str(page))
    return 0


def report_evaluation(path: Path, output: Path | None) -> int:
    """``av-td3 report`` of an evaluation, with the videos of its folder."""
    recorded = read_evaluation_folder(path)
    folder = _folder_for(output, path)
    written = _written(folder, lambda: write_evaluation_page(recorded, folder, videos_of(path)))
    out = console()
    print_evaluation(out, recorded)
    for page in written:
        print_line(out, str(page))
    return 0


def compare(baseline: Path, candidate: Path, output: Path | None, tags: list[str]) -> int:
    kinds = [is_evaluation(path) for path in (baseline, candidate)]
    if all(kinds):
        return compare_evaluations(baseline, candidate, output)
    if any(kinds):
        found, other = (baseline, candidate) if kinds[0] else (candidate, baseline)
        raise ConfigError(f"{found} is an evaluation, {other} is not; compare two evaluations or two runs")
    corrections = parse_corrections([], tags)
    before, after = (assess(corrections.applied_to(read_run(path))) for path in (baseline, candidate))
    comparison = compare_runs(before, after)
    folder = _folder_for(output, comparison.candidate.run.folder)
    written = _written(folder, lambda: write_comparison(comparison, folder))
    out = console()
    print_paragraph(out, comparison.summary)
    for run in (comparison.baseline.run, comparison.candidate.run):
        print_problems(out, [f"{run.folder}: {problem}" for problem in run.problems])
    for page in written:
        print_line(out, str(page))
    return 0


def compare_evaluations(a: Path, b: Path, output: Path | None) -> int:
    """``av-td3 compare`` of two evaluations."""
    comparison = paired_comparison(*(read_evaluation_folder(path) for path in (a, b)))
    folder = _folder_for(output, b)
    written = _written(folder, lambda: write_evaluation_comparison(comparison, folder))
    out = console()
    print_paragraph(out, comparison.summary)
    print_problems(out, comparison.notes)
    for page in written:
        print_line(out, str(page))
    return 0


def sweep(folder: Path, output: Path | None, watch: bool) -> int:
    """``av-td3 sweep``; with ``watch``, prints the sweep repeatedly until no job is queued or running."""
    out = console()
    queue, asked = queue_state(folder), time.monotonic()
    while True:
        runs = read_sweep(folder, queue.ended)
        if not watch or not any(run.state in UNFINISHED for run in runs.runs):
            break
        out.clear()
        print_sweep(out, runs)
        print_problems(out, queue.notes)
        time.sleep(WATCH_INTERVAL)
        if time.monotonic() - asked > QUEUE_INTERVAL:
            queue, asked = queue_state(folder), time.monotonic()
    target = _folder_for(output, folder)
    written = _written(target, lambda: write_sweep(runs, target))
    print_sweep(out, runs)
    print_problems(out, queue.notes)
    for page in written:
        print_line(out, str(page))
    return 0


def _folder_for(output: Path | None, otherwise: Path) -> Path:
    """The folder to write to; for a single event file, the current folder."""
    return output if output is not None else otherwise if otherwise.is_dir() else Path()


def _written(folder: Path, write: Callable[[], list[Path]]) -> list[Path]:
    """Create the folder if needed and call ``write``. Raises OSError that names the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return write()
    except OSError as error:
        raise OSError(
            f"{folder}: cannot write there ({error.strerror or error}); choose another folder with --output"
        ) from error
