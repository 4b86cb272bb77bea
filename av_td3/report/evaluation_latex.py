"""The table of an evaluation for LaTeX."""

from av_td3.report.evaluation_measures import MEASURES, Measure
from av_td3.report.evaluation_statistics import EvaluationStatistics, PolicyStatistics
from av_td3.report.evaluation_text import interval_text, mean_text
from av_td3.report.route_bootstrap import Estimate

COLUMNS = 4  # policies side by side; more continue below
ESCAPES = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
UNITS = {"°": r"$^\circ$", "m/s²": r"m/s$^2$", "m/s³": r"m/s$^3$"}


def latex_table(statistics: EvaluationStatistics) -> str:
    """A table with a row for each measure and a column for each policy, with 95 % intervals; it needs booktabs."""
    rows = statistics.rows
    measured = [measure for measure in MEASURES if any(mean_text(row.estimates[measure.column]) != "-" for row in rows)]
    blocks = [_tabular(rows[start : start + COLUMNS], measured) for start in range(0, len(rows), COLUMNS)]
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            "\\begin{table}",
            "\\centering",
            "\\caption{Means over the routes, with 95\\,\\% bootstrap intervals in brackets.}",
            "\n\n\\medskip\n".join(blocks),
            "\\end{table}",
            "",
        ]
    )


def _tabular(rows: list[PolicyStatistics], measures: list[Measure]) -> str:
    lines = [
        f"\\begin{{tabular}}{{l{'c' * len(rows)}}}",
        "\\toprule",
        _line(["", *(escaped(row.name) for row in rows)]),
        "\\midrule",
        *(_line([_heading(measure), *(_cell(row.estimates[measure.column]) for row in rows)]) for measure in measures),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + " \\\\"


def _heading(measure: Measure) -> str:
    unit = UNITS.get(measure.unit, escaped(measure.unit))
    return f"{escaped(measure.title)} ({unit})" if unit else escaped(measure.title)


def _cell(estimate: Estimate) -> str:
    bounds = interval_text(estimate).replace(" to ", ", ")
    text = f"{mean_text(estimate)} [{bounds}]" if bounds else mean_text(estimate)
    return "--" if text == "-" else text.replace("-", "$-$")


def escaped(text: str) -> str:
    """Text in which every character stands for itself in LaTeX."""
    return "".join(ESCAPES.get(character, character) for character in " ".join(text.split()))
