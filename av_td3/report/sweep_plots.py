"""Plots of a sweep: a heat map over two keys, or points over one."""

import math
from itertools import product

import numpy as np
from matplotlib.axes import Axes

from av_td3.report.plots import BLUE, GREY, Plot, legend, to_svg
from av_td3.report.sweep import Setting, Sweep, short_names

COLORS = "viridis"
MAX_LABELS = 50  # characters of labels that fit on a line


def sweep_plots(sweep: Sweep) -> list[Plot]:
    """Points for at most one key, a heat map for two; for more, a heat map per combination of the others."""
    keys = sweep.setting_keys
    if not any(setting.scores for setting in sweep.settings):
        return []
    if len(keys) < 2:
        title = f"{sweep.metric.capitalize()} by {keys[0]}" if keys else sweep.metric.capitalize()
        note = "Dots are runs; the line is the interquartile mean with its 95 % bootstrap interval."
        return [Plot(title, note, to_svg(lambda axes: _points(axes, sweep), 3.6))]
    return [_heat_map(sweep, others) for others in _combinations(sweep, keys[2:])]


def in_order(values: list[str]) -> list[str]:
    """Sort numbers by size; text follows in the given order."""
    return sorted(dict.fromkeys(values), key=lambda value: (0, float(value)) if _is_number(value) else (1, 0.0))


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _column(sweep: Sweep, key: str) -> list[str]:
    index = sweep.setting_keys.index(key)
    return in_order([setting.values[index] for setting in sweep.settings])


def _combinations(sweep: Sweep, keys: list[str]) -> list[dict[str, str]]:
    return [dict(zip(keys, values, strict=True)) for values in product(*(_column(sweep, key) for key in keys))]


def _points(axes: Axes, sweep: Sweep) -> None:
    keys = sweep.setting_keys
    labels = _column(sweep, keys[0]) if keys else ["all runs"]
    by_label = {setting.values[0] if keys else "all runs": setting for setting in sweep.settings}
    for place, label in enumerate(labels):
        scores = by_label[label].scores
        axes.plot([place] * len(scores), scores, "o", color=BLUE, alpha=0.5, markersize=6, label="run" if place == 0 else None)
    middles = [by_label[label].metric for label in labels]
    line = "-" if all(map(_is_number, labels)) else "none"
    axes.plot(
        *(range(len(labels)), [m.mean for m in middles]),
        color=GREY,
        marker="_",
        markersize=18,
        linestyle=line,
        label="interquartile mean",
    )
    for place, metric in enumerate(middles):
        if not math.isnan(metric.low):
            axes.plot([place, place], [metric.low, metric.high], color=GREY, linewidth=3, alpha=0.6)
    crowded = sum(map(len, labels)) > MAX_LABELS
    axes.set_xticks(range(len(labels)), labels, rotation=30 if crowded else 0, ha="right" if crowded else "center")
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_xlabel(keys[0] if keys else "")
    axes.set_ylabel(sweep.metric)
    legend(axes)


def _heat_map(sweep: Sweep, others: dict[str, str]) -> Plot:
    across, down = sweep.setting_keys[:2]
    columns, rows = _column(sweep, across), _column(sweep, down)
    chosen: dict[tuple[str, str], Setting] = {
        (setting.values[0], setting.values[1]): setting
        for setting in sweep.settings
        if list(setting.values[2:]) == list(others.values())
    }

    def draw(axes: Axes) -> None:
        cells = [[chosen[c, r].metric.mean if (c, r) in chosen else math.nan for c in columns] for r in rows]
        table = np.array(cells)
        low, high = _range(sweep)
        axes.imshow(table, cmap=COLORS, vmin=low, vmax=high, aspect="auto")
        for (row, r), (column, c) in product(enumerate(rows), enumerate(columns)):
            text = _cell(chosen[c, r]) if (c, r) in chosen else ""
            dark = math.isnan(table[row, column]) or table[row, column] > (low + high) / 2.0
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color="#111827" if dark else "#ffffff")
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_xlabel(short_names(sweep.setting_keys)[0])
        axes.set_ylabel(short_names(sweep.setting_keys)[1])
        axes.grid(visible=False)

    of = ", ".join(f"{key}={value}" for key, value in others.items())
    title = f"{sweep.metric.capitalize()}{' with ' + of if of else ''}"
    note = "Interquartile mean of the finished runs, and the verdicts of all runs. Brighter is better."
    return Plot(title, note, to_svg(draw, 1.4 + 0.6 * len(rows)))


def _range(sweep: Sweep) -> tuple[float, float]:
    """The range over all settings, so that several heat maps share a color scale."""
    means = [setting.metric.mean for setting in sweep.settings if setting.scores]
    return min(means), max(means) if max(means) > min(means) else min(means) + 1.0


def _cell(setting: Setting) -> str:
    score = "-" if math.isnan(setting.metric.mean) else f"{setting.metric.mean:.3g}"
    return f"{score}\n{setting.verdicts}"
