"""Figures of an evaluation's statistics."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from av_td3.report.evaluation_measures import HEADLINE, Measure
from av_td3.report.evaluation_statistics import EvaluationStatistics
from av_td3.report.paired_difference import PairedDifference
from av_td3.report.plots import BLUE, COLORS, GREEN, GREY, ORANGE, PURPLE, Plot, legend, to_svg
from av_td3.report.variance_components import INTERACTION, POLICY, ROUTE, SIMULATOR

COMPONENT_COLORS = {POLICY: BLUE, ROUTE: GREEN, INTERACTION: PURPLE, SIMULATOR: ORANGE}
ROW = 0.28  # inches
POLICY_WIDTH = 4.2  # inches, three side by side


def color_of(index: int) -> str:
    """The color of a policy by its place in the tables."""
    return COLORS[index % len(COLORS)]


def policy_plots(statistics: EvaluationStatistics) -> list[Plot]:
    """Success, completion and score of each policy with their intervals; none for a single policy."""
    if len(statistics.policies) < 2:
        return []
    return [_policy_plot(statistics, measure) for measure in HEADLINE]


def _policy_plot(statistics: EvaluationStatistics, measure: Measure) -> Plot:
    def draw(axes: Axes) -> None:
        for index, row in enumerate(statistics.rows):
            estimate = row.estimates[measure.column]
            color = "#111827" if row is statistics.overall else color_of(index)
            if not math.isnan(estimate.low):
                axes.plot([estimate.low, estimate.high], [index, index], color=color, linewidth=2.0)
            axes.plot([estimate.mean], [index], "o", color=color, markersize=6)
        axes.set_yticks(range(len(statistics.rows)), [row.name for row in statistics.rows])
        axes.set_ylim(len(statistics.rows) - 0.5, -0.5)
        axes.set_xlim(-0.02, 1.02)
        axes.grid(visible=False, axis="y")

    title = measure.title.capitalize()
    return Plot(title, "Means and 95 % intervals.", to_svg(draw, 0.8 + ROW * len(statistics.rows), POLICY_WIDTH))


def variance_plot(statistics: EvaluationStatistics) -> list[Plot]:
    """The shares of the variance, a bar for each measure; none if fewer than two were measured."""
    splits = [split for split in statistics.splits if sum(part.share is not None for part in split.components) > 1]
    if not splits:
        return []

    def draw(axes: Axes) -> None:
        left = np.zeros(len(splits))
        for index, (name, color) in enumerate(COMPONENT_COLORS.items()):
            shares = np.array([split.components[index].share or 0.0 for split in splits])
            axes.barh(range(len(splits)), shares, 0.6, left=left, color=color, label=name)
            left += shares
        axes.set_yticks(range(len(splits)), [split.measure.title for split in splits])
        axes.set_ylim(len(splits) - 0.5, -0.5)
        axes.set_xlim(0.0, 1.0)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(visible=False, axis="y")
        legend(axes)

    return [Plot("Where the variance comes from", "", to_svg(draw, 1.1 + 1.4 * ROW * len(splits)))]


def difference_plot(found: PairedDifference, routes: list[str]) -> list[Plot]:
    """The difference on each route, in the order of its size; none if nothing was paired."""
    order = [index for index in np.argsort(found.by_route) if math.isfinite(found.by_route[index])]
    if not order:
        return []
    values = found.by_route[order]

    def draw(axes: Axes) -> None:
        axes.axhline(0.0, color=GREY, linewidth=1.0)
        places = np.arange(len(order))
        for chosen, label, color in ((values < 0.0, "B is better", ORANGE), (values >= 0.0, "A is better or equal", BLUE)):
            if not chosen.any():
                continue
            axes.vlines(places[chosen], 0.0, values[chosen], colors=color, linewidth=2.0)
            axes.plot(places[chosen], values[chosen], "o", color=color, markersize=5, label=label)
        if not math.isnan(found.difference.low):
            axes.axhspan(
                found.difference.low, found.difference.high, color=GREY, alpha=0.15, linewidth=0, label="95 % interval"
            )
        axes.axhline(found.difference.mean, color="#111827", linewidth=1.2, linestyle="--", label="mean")
        shown = places if len(order) <= 30 else places[:: -(-len(order) // 30)]
        axes.set_xticks(shown, [routes[order[place]] for place in shown], rotation=90)
        axes.grid(visible=False, axis="x")
        axes.set_ylabel("A minus B")
        legend(axes)

    title = f"{found.measure.title.capitalize()} by route"
    return [Plot(title, "A minus B on each route, means over the repeats of both.", to_svg(draw, 3.6, 11.0))]
