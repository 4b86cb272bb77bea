"""``sweep.csv`` and ``sweep.html``: a sweep as a table, a picture and a conclusion."""

import os
from pathlib import Path
from textwrap import shorten

from rich.console import Console
from rich.table import Table

from av_td3.files import write_atomically
from av_td3.report.key_figures import KEY_FIGURES, number
from av_td3.report.page import render
from av_td3.report.sweep import Sweep, SweptRun, short_names, to_csv
from av_td3.report.sweep_plots import sweep_plots

LONGEST_ERROR = 300  # characters on a terminal; the page has all
SHOWN = KEY_FIGURES[:2]  # on a terminal, which is narrow


def write_sweep(sweep: Sweep, folder: Path) -> list[Path]:
    """Write both files into ``folder``; returns their paths."""
    table, page = folder / "sweep.csv", folder / "sweep.html"
    html = render(
        "sweep.html.j2",
        sweep=sweep,
        plots=sweep_plots(sweep),
        figures=[figure.name for figure in KEY_FIGURES],
        number=number,
        states=_states(sweep),
        pages={run.folder.name: _page(run.folder, folder) for run in sweep.runs},
    )
    write_atomically(table, lambda file: file.write(to_csv(sweep).encode()))
    write_atomically(page, lambda file: file.write(html.encode()))
    return [table, page]


def print_sweep(console: Console, sweep: Sweep) -> None:
    """Every run in a line, then the conclusion."""
    table = Table(title=f"{sweep.folder}: {_states(sweep)}", title_justify="left", title_style="bold")
    for heading in ("run", *short_names(sweep.keys), "state", "verdict", "finding", *(figure.name for figure in SHOWN)):
        table.add_column(heading, overflow="fold")
    for run in sweep.runs:
        state = _state(run)
        figures = [number(run.figures[figure.name]) for figure in SHOWN]
        table.add_row(run.folder.name, *run.settings.values(), state, run.verdict, run.finding, *figures)
    console.print(table)
    for run in sweep.runs:
        if run.error:
            console.print(f"{run.folder.name}: {shorten(run.error, LONGEST_ERROR)}", markup=False)
    console.print(sweep.conclusion, markup=False)


def _state(run: SweptRun) -> str:
    """``running at 812, 4.5 steps/s, restarted twice`` and the like."""
    words = [run.state if run.finished or run.step is None else f"{run.state} at {run.step}"]
    if run.state == "running" and run.speed is not None:
        words.append(f"{run.speed:.3g} steps/s")
    if run.restarts:
        words.append(f"restarted {run.restarts}x")
    return ", ".join(words)


def _page(run: Path, folder: Path) -> str:
    """Where a run's report is, seen from the sweep's page; empty where there is none."""
    report = run / "report.html"
    return Path(os.path.relpath(report, folder)).as_posix() if report.is_file() else ""


def _states(sweep: Sweep) -> str:
    counts = {state: sum(run.state == state for run in sweep.runs) for state in dict.fromkeys(r.state for r in sweep.runs)}
    many = "runs" if len(sweep.runs) > 1 else "run"
    return f"{len(sweep.runs)} {many}: " + ", ".join(f"{count} {state}" for state, count in counts.items())
