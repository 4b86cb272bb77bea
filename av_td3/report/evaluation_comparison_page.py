"""Writes the comparison of two evaluations: ``comparison.html`` and ``comparison.md``."""

from pathlib import Path

from av_td3.report.evaluation_comparison import EvaluationComparison, listed
from av_td3.report.evaluation_figures import difference_plot
from av_td3.report.evaluation_text import driver_text, estimate_text, interval_text
from av_td3.report.page import render, to_bytes
from av_td3.report.paired_difference import PairedDifference, Verdict
from av_td3.report.route_bootstrap import Estimate
from av_td3.runs.files import write_atomically
from av_td3.runs.folder import COMPARISON_PAGE, COMPARISON_TEXT


def write_evaluation_comparison(comparison: EvaluationComparison, folder: Path) -> list[Path]:
    """Write ``comparison.html`` and ``comparison.md`` into ``folder``; returns their paths."""
    html, markdown = folder / COMPARISON_PAGE, folder / COMPARISON_TEXT
    content = {
        "c": comparison,
        "rows": [comparison.primary, *comparison.secondary],
        "mean": lambda value: estimate_text(Estimate(value)),
        "difference": _difference,
        "interval": interval_text,
        "mark": {Verdict.A: "GO", Verdict.B: "GO", Verdict.OPEN: "INVESTIGATE", Verdict.UNRANKED: ""},
        "listed": listed,
        "driver_text": driver_text,
    }
    page = render("evaluation_comparison.html.j2", plots=difference_plot(comparison.primary, comparison.routes), **content)
    text = render("evaluation_comparison.md.j2", **content)
    write_atomically(html, lambda file: file.write(to_bytes(page)))
    write_atomically(markdown, lambda file: file.write(to_bytes(text)))
    return [html, markdown]


def _difference(found: PairedDifference) -> str:
    reason = f" ({found.difference.reason})" if found.difference.reason else ""
    return f"{estimate_text(found.difference)}{reason}"
