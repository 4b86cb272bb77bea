"""``av-td3 report``, ``compare`` and ``sweep``. Each writes pages and returns the exit code."""

import time
from pathlib import Path

from av_td3.diagnostics.recorded_run import read_run
from av_td3.report.assessment import assess
from av_td3.report.command import reads, told
from av_td3.report.comparison import compare as set_side_by_side
from av_td3.report.comparison import write_comparison
from av_td3.report.run_report import write_report
from av_td3.report.sweep import read_sweep
from av_td3.report.sweep_report import print_sweep, write_sweep
from av_td3.report.terminal import console

WATCH_EVERY = 5.0  # s


@reads
def report(path: Path, output: Path | None, settings: list[str]) -> int:
    """``av-td3 report``."""
    assessment = assess(told(read_run(path), settings))
    folder = _writable(output, assessment.run.folder)
    out = console()
    for written in write_report(assessment, folder):
        out.print(str(written), soft_wrap=True, markup=False)
    return 0


@reads
def compare(baseline: Path, candidate: Path, output: Path | None) -> int:
    """``av-td3 compare``."""
    comparison = set_side_by_side(assess(read_run(baseline)), assess(read_run(candidate)))
    folder = _writable(output, comparison.candidate.run.folder)
    out = console()
    out.print(comparison.sentence, markup=False)
    for written in write_comparison(comparison, folder):
        out.print(str(written), soft_wrap=True, markup=False)
    return 0


@reads
def sweep(folder: Path, output: Path | None, watch: bool) -> int:
    """``av-td3 sweep``; with ``watch``, again and again until no job waits or runs."""
    runs = read_sweep(folder)
    out = console()
    while watch and any(run.state in ("queued", "running") for run in runs.runs):
        out.clear()
        print_sweep(out, runs)
        time.sleep(WATCH_EVERY)
        runs = read_sweep(folder)
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
