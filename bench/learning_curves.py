"""Draws learning curves from a table of evaluations, and adds the evaluations of runs to such a table.

    python bench/learning_curves.py docs/results/camera_curves.csv docs/images/camera_curves.png

With ``--add "TD3, camera" RUN...`` behind the table, it first adds the evaluations of runs under a name, in place of those that
the table has of the same learner and seed.
A line of the table is an evaluation: learner, seed, environment step, and its means. A driver that does not learn has no step,
and is drawn as a horizontal line. Each learner is drawn as the median over its seeds, in a band from the lowest to the highest.
"""

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from numpy.typing import NDArray

from av_td3 import metrics
from av_td3.runs.evaluation_folder import EVALUATION_FILE
from av_td3.runs.scalars import read_log
from av_td3.runs.series import UnreadableLog

matplotlib.use("Agg")
import matplotlib.pyplot as plt

CURVE_FILE = "learning_curve.csv"  # of bench/learners.py
SHOWN = {"route_completion": "route completion", "reward": "reward of an episode"}
POINTS = 200  # of the axis on which the seeds of a learner are compared


class Evaluated(NamedTuple):
    """A line of the table; ``step`` is empty for a driver that does not learn."""

    learner: str
    seed: str
    step: str
    route_completion: float
    success: float
    reward: float


def read(table: Path) -> list[Evaluated]:
    """The lines of a table; none where there is no such file."""
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return [Evaluated(*row[:3], *map(float, row[3:])) for row in list(csv.reader(file))[1:]]


def write(table: Path, lines: Sequence[Evaluated]) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Evaluated._fields)
        writer.writerows((*line[:3], *(f"{number:.4g}" for number in line[3:])) for line in lines)


def evaluations(label: str, folder: Path) -> Iterator[Evaluated]:
    """The evaluations of a run, or of a folder of bench/learners.py with its drivers."""
    if (folder / CURVE_FILE).exists():
        yield from _of_learners(label, folder)
        return
    scalars = read_log(folder / "tensorboard").scalars
    tags = (metrics.EVAL_ROUTE_COMPLETION, metrics.EVAL_SUCCESS, metrics.EVAL_REWARD)
    steps = scalars[tags[0]].steps
    seed = next(line.split()[1] for line in (folder / "config.yaml").read_text().splitlines() if line.startswith("seed:"))
    for index, step in enumerate(steps):
        yield Evaluated(label, seed, str(step), *(float(scalars[tag].values[index]) for tag in tags))


def _of_learners(label: str, folder: Path) -> Iterator[Evaluated]:
    seed = str(json.loads((folder / EVALUATION_FILE).read_text())["seed"])
    with (folder / CURVE_FILE).open(newline="") as file:
        for row in csv.DictReader(file):
            means = (float(row[name]) for name in ("route_completion", "success", "reward"))
            yield Evaluated(f"{label} {row['learner'].upper()}", seed, row["step"], *means)


def with_added(lines: Sequence[Evaluated], added: Sequence[Evaluated]) -> list[Evaluated]:
    """The lines and the added ones, which replace those of the same learner and seed."""
    replaced = {(line.learner, line.seed) for line in added}
    return [line for line in lines if (line.learner, line.seed) not in replaced] + list(added)


def draw(lines: Sequence[Evaluated], picture: Path) -> None:
    figure, all_axes = plt.subplots(1, len(SHOWN), figsize=(12, 6), layout="constrained")
    learners = list(dict.fromkeys(line.learner for line in lines))
    for axes, (measure, label) in zip(all_axes, SHOWN.items(), strict=True):
        for color, learner in zip(plt.get_cmap("tab20").colors, learners, strict=False):
            _draw_learner(axes, [line for line in lines if line.learner == learner], measure, color)
        axes.set_xlabel("environment steps")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    figure.legend(*all_axes[0].get_legend_handles_labels(), fontsize=8, loc="outside lower center", ncols=3)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=110)


def _draw_learner(axes: plt.Axes, lines: Sequence[Evaluated], measure: str, color: tuple[float, ...]) -> None:
    if not lines[0].step:
        dashes = ":" if "random" in lines[0].learner else "--"
        axes.axhline(getattr(lines[0], measure), color="gray", linestyle=dashes, label=lines[0].learner)
        return
    curves = defaultdict[str, list[tuple[float, float]]](list)
    for line in lines:
        curves[line.seed].append((float(line.step), getattr(line, measure)))
    steps, values = _on_one_axis([np.array(curve) for curve in curves.values()])
    seeds = "1 seed" if len(values) == 1 else f"{len(values)} seeds"
    axes.plot(steps, np.median(values, axis=0), color=color, label=f"{lines[0].learner} ({seeds})")
    axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=color, alpha=0.15)


def _on_one_axis(curves: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Steps (POINTS,) that all curves cover, and each curve there (curves, POINTS), interpolated."""
    steps = np.linspace(max(curve[0, 0] for curve in curves), min(curve[-1, 0] for curve in curves), POINTS)
    return steps, np.stack([np.interp(steps, *curve.T) for curve in curves])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("table", type=Path, help="CSV")
    options.add_argument("picture", type=Path, nargs="?", help="PNG to draw")
    options.add_argument("--add", nargs="+", metavar=("LEARNER", "RUN"), help="add the evaluations of runs under a name")
    arguments = options.parse_args()
    lines = read(arguments.table)
    if arguments.add:
        label, *folders = arguments.add
        try:
            lines = with_added(lines, [line for folder in folders for line in evaluations(label, Path(folder))])
        except UnreadableLog as error:
            options.error(str(error))
        write(arguments.table, lines)
    if arguments.picture:
        draw(lines, arguments.picture)
        print(f"{arguments.picture}: {len(lines)} evaluations of {len({line.learner for line in lines})} learners")


if __name__ == "__main__":
    main()
