"""Writes and prints the summary of a sweep: ``sweep.csv`` and ``sweep.html``."""

import os
from pathlib import Path
from textwrap import shorten

from rich.console import Console

from av_td3.report.key_figures import number
from av_td3.report.layout import print_paragraph, print_table
from av_td3.report.page import render, to_bytes
from av_td3.report.sweep import Sweep, short_names, to_csv
from av_td3.report.sweep_plots import sweep_plots
from av_td3.report.swept_run import SweptRun
from av_td3.runs.files import write_atomically
from av_td3.runs.folder import REPORT_PAGE
from av_td3.runs.status import RUNNING
from av_td3.runs.sweep_folder import PAGE_FILE, TABLE_FILE

MAX_ERROR_LENGTH = 300  # characters on a terminal; the page has the full text
SHOWN = 2  # key figures on a terminal


def write_sweep(sweep: Sweep, folder: Path) -> list[Path]:
    """Write ``sweep.csv`` and ``sweep.html`` into ``folder``; returns their paths."""
    table, page = folder / TABLE_FILE, folder / PAGE_FILE
    html = render(
        "sweep.html.j2",
        sweep=sweep,
        plots=sweep_plots(sweep),
        figures=sweep.figures,
        number=number,
        states=_states(sweep),
        pages={run.name: _page(run.folder, folder) for run in sweep.runs},
    )
    write_atomically(table, lambda file: file.write(to_bytes(to_csv(sweep))))
    write_atomically(page, lambda file: file.write(to_bytes(html)))
    return [table, page]


def print_sweep(console: Console, sweep: Sweep) -> None:
    """Print a table of all runs, their errors and the conclusion."""
    headings = ("run", *short_names(sweep.keys), "state", "verdict", "finding", *sweep.figures[:SHOWN])
    rows = [
        (run.name, *run.settings.values(), _state(run), run.verdict, run.finding, *_figures(run, sweep)) for run in sweep.runs
    ]
    print_table(console, f"{sweep.folder}: {_states(sweep)}", headings, rows)
    for run in sweep.runs:
        if run.error:
            print_paragraph(console, shorten(run.error, MAX_ERROR_LENGTH), f"{run.name}: ", "none")
    for problem in sweep.problems:
        print_paragraph(console, problem, "note    ")
    print_paragraph(console, sweep.conclusion)


def _figures(run: SweptRun, sweep: Sweep) -> list[str]:
    return [number(run.figures[name]) for name in sweep.figures[:SHOWN]]


def _state(run: SweptRun) -> str:
    """State and progress, such as ``running at 812, 4.5 steps/s, restarted 2x``."""
    words = [run.state if run.finished or run.step is None else f"{run.state} at {run.step}"]
    if run.state == RUNNING and run.speed is not None:
        words.append(f"{run.speed:.3g} steps/s")
    if run.restarts:
        words.append(f"restarted {run.restarts}x")
    return ", ".join(words)


def _page(run: Path, folder: Path) -> str:
    """The path of a run's report relative to the sweep's page; empty if there is none."""
    report = run / REPORT_PAGE
    return Path(os.path.relpath(report, folder)).as_posix() if report.is_file() else ""


def _states(sweep: Sweep) -> str:
    counts = {state: sum(run.state == state for run in sweep.runs) for state in dict.fromkeys(r.state for r in sweep.runs)}
    many = "runs" if len(sweep.runs) > 1 else "run"
    return f"{len(sweep.runs)} {many}: " + ", ".join(f"{count} {state}" for state, count in counts.items())
