import numpy as np
import pytest

from av_td3.runs.restarts import run_numbers


@pytest.mark.parametrize(
    ("steps", "runs"),
    [
        ([*range(100), *range(50)], 2),
        ([*range(100), *range(50), *range(20)], 3),
        ([*range(500, 600), *range(500, 520)], 2),
        ([*range(100), *range(4, 50)], 2),
        ([*range(100), *range(10, 150)], 1),  # resumed
        ([*range(100), 0], 1),  # a test after training
        ([*range(50), 0, *range(50, 100)], 1),  # a stray row
        ([*range(100), *range(30, 60), *range(2, 20)], 2),  # resumed, then another
        ([0, 0, 0, 0], 1),
        ([5], 1),
        ([], 1),
    ],
)
def test_rows_that_start_again_are_of_another_run(steps, runs):
    numbers = run_numbers(np.array(steps, np.int64))
    assert len(numbers) == len(steps)
    assert numbers.max(initial=0) == runs - 1
    assert np.all(np.diff(numbers) >= 0)


def test_a_run_begins_at_the_row_that_starts_again():
    assert run_numbers(np.array([0, 50, 100, 0, 50, 1, 2])).tolist() == [0, 0, 0, 1, 1, 2, 2]
