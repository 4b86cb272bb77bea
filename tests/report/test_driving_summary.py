"""What is said of a run's driving."""

import numpy as np

from av_td3.report.assessment import assess
from av_td3.report.driving_summary import driving_summary
from av_td3.report.run_report import write_report
from av_td3.runs.series import Series
from tests.diagnostics.logs import foreign, healthy, recorded


def evaluated(completion, success, reward):
    steps = np.arange(1, len(reward) + 1) * 2500
    values = {"eval/route_completion": completion, "eval/success": success, "eval/reward": reward}
    return healthy() | {tag: Series(steps, np.array(numbers, float)) for tag, numbers in values.items()}


def test_last_and_best_evaluation_are_told_apart(tmp_path):
    run = recorded(evaluated([0.1, 1.0, 0.9], [0.0, 1.0, 0.8], [-5.0, 187.2, 150.0]), tmp_path)
    assert driving_summary(run).lines == (
        "last evaluation, step 7,500: route completion 0.90, success 0.80, reward 150",
        "best evaluation, step 5,000: route completion 1.00, success 1.00, reward 187.2",
    )


def test_one_line_is_enough_where_the_last_is_the_best(tmp_path):
    run = recorded(evaluated([0.1, 1.0], [0.0, 1.0], [-5.0, 187.2]), tmp_path)
    assert driving_summary(run).lines == ("last evaluation, step 5,000: route completion 1.00, success 1.00, reward 187.2",)


def test_a_run_without_evaluations_has_no_summary(tmp_path):
    scalars = {tag: series for tag, series in healthy().items() if not tag.startswith("eval/")}
    assert driving_summary(recorded(scalars, tmp_path)) is None


def test_an_evaluation_whose_means_are_not_all_there_is_left_out(tmp_path):
    scalars = evaluated([0.1, 1.0, np.nan], [0.0, 1.0, 0.0], [-5.0, np.nan, 3.0])
    scalars["eval/success"] = Series(np.array([2500]), np.array([0.0]))
    assert driving_summary(recorded(scalars, tmp_path)).lines == (
        "last evaluation, step 2,500: route completion 0.10, success 0.00, reward -5",
    )
    assert driving_summary(recorded(evaluated([np.nan], [0.0], [np.nan]), tmp_path)) is None


def test_the_log_of_another_program_has_no_summary(tmp_path):
    assert driving_summary(foreign(evaluated([1.0], [1.0], [5.0]), tmp_path)) is None


def test_the_report_says_it_on_its_page(tmp_path):
    run = recorded(evaluated([0.1, 1.0], [0.0, 1.0], [-5.0, 187.2]), tmp_path)
    page, _ = write_report(assess(run), tmp_path)
    assert "last evaluation, step 5,000: route completion 1.00, success 1.00, reward 187.2" in page.read_text()
