import numpy as np
import pytest

from av_td3.runs.step_column import counted_steps, step_names


@pytest.mark.parametrize(
    ("columns", "best"),
    [
        (["epoch", "episode", "n_updates", "global_step", "time/total_timesteps"], "time/total_timesteps"),
        (["episodes_total", "training_iteration", "timesteps_total"], "timesteps_total"),
        (["Epoch", "TotalEnvInteracts"], "TotalEnvInteracts"),
        (["episode", "step", "frame"], "frame"),
        (["epoch", "episode", "iteration"], "iteration"),
        (["epoch", "Episode"], "Episode"),
        (["loss", "epoch"], "epoch"),
        (["_step", "_runtime", "global_step"], "global_step"),
        (["trainer/Epoch", "exploration/num steps total"], "exploration/num steps total"),
        (["Env Steps", "Step"], "Env Steps"),
    ],
)
def test_environment_steps_come_before_updates_episodes_and_epochs(columns, best):
    assert step_names(columns)[0] == best


@pytest.mark.parametrize(
    "column",
    [
        "episode_reward",
        "ep_len_mean",
        "time_this_iter_s",
        "timesteps_since_restore",
        "steps_per_s",
        "num_env_steps_trained_this_iter",
    ],
)
def test_columns_that_only_contain_such_a_word_count_nothing(column):
    assert step_names([column]) == []


def count(values, rows=None, total=None):
    rows = range(len(values)) if rows is None else rows
    return counted_steps(np.array(rows, np.int64), np.array(values, np.float64), len(values) if total is None else total)


def test_rows_without_a_step_have_that_of_the_row_before():
    assert count([5, 7], rows=[1, 3], total=4).tolist() == [5, 5, 5, 7]


@pytest.mark.parametrize(
    "values",
    [
        [0, 0, 0],  # the same everywhere
        [3, 2, 1],
        [0.0, 0.5, 1.0],
        [np.nan, np.inf, 1e300],
        [],
    ],
)
def test_what_does_not_increase_by_whole_numbers_is_no_count(values):
    assert count(values, total=3) is None


def test_a_column_that_is_mostly_empty_is_no_count():
    assert count([1, 2], rows=[0, 1], total=5) is None


def test_a_count_may_rarely_go_back():
    assert count([*range(30), 10, *range(30, 50)]) is not None
    assert count([*range(10), *range(3), *range(3), *range(3), *range(3)]) is None


def test_one_row_is_enough():
    assert count([400]).tolist() == [400]
