"""Prints an evaluation on a terminal."""

from rich.console import Console

from av_td3.report.evaluation_measures import DRIVING_SCORE, OUTCOMES
from av_td3.report.evaluation_statistics import EvaluationStatistics, evaluation_statistics
from av_td3.report.evaluation_text import (
    endings_text,
    estimate_text,
    evaluation_in_words,
    intervals_in_words,
    lost_in_words,
    missing_in_words,
    share_text,
)
from av_td3.report.layout import print_paragraph, print_table
from av_td3.report.terminal import print_problems
from av_td3.runs.evaluation_folder import RecordedEvaluation


def print_evaluation(console: Console, recorded: RecordedEvaluation) -> None:
    """Print the outcomes of each policy with intervals, where the variance comes from, and what is missing."""
    statistics = evaluation_statistics(recorded.evaluation, recorded.episodes)
    print_paragraph(console, evaluation_in_words(recorded.evaluation, statistics))
    headings = ("policy", *(measure.title for measure in OUTCOMES))
    rows = [(row.name, *(estimate_text(row.estimates[measure.column]) for measure in OUTCOMES)) for row in statistics.rows]
    print_table(console, recorded.name, headings, rows)
    for row in statistics.policies:
        print_paragraph(console, endings_text(row.endings), f"{row.name}: ")
    print_paragraph(console, intervals_in_words(statistics))
    print_paragraph(console, _variance_in_words(statistics))
    print_paragraph(console, lost_in_words(recorded.evaluation))
    for line in missing_in_words(statistics):
        print_paragraph(console, line, "not measured: ")
    print_problems(console, recorded.problems)


def _variance_in_words(statistics: EvaluationStatistics) -> str:
    split = next(split for split in statistics.splits if split.measure is DRIVING_SCORE)
    parts = [f"{part.name} {share_text(part)}{f' ({part.note})' if part.note else ''}" for part in split.components]
    return f"Variance of the driving score: {'; '.join(filter(None, [', '.join(parts), split.note]))}."
