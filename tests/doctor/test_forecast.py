from dataclasses import replace

import pytest

from av_td3.doctor.check import State
from av_td3.doctor.forecast import check_forecast, forecast, in_words, size
from av_td3.doctor.measurement import Measured

MEASURED = Measured(
    start=10.0,
    reset=1.0,
    exploring_step=0.01,
    learning_step=0.1,
    act=0.002,
    checkpoint=2.0,
    episode_length=50.0,
    state_bytes=1e7,
    replay_bytes=7000.0,
    table_bytes=50.0,
    scalar_bytes=80.0,
    scalars_per_point=60,
    scalars_per_episode=20,
    gpu_bytes=0.0,
)
SHORT = ("total_steps=1000", "algorithm.learning_starts=400", "evaluation.every_steps=500", "evaluation.episodes=2")


def test_time_is_the_sum_of_its_parts(compose_config):
    config = compose_config(*SHORT, "scenario.max_episode_steps=150", "checkpoint.every_steps=250")
    found = forecast(config, MEASURED)
    assert found.training == pytest.approx(400 * 0.01 + 600 * 0.1 + 20 * 1.0)  # 20 episodes
    assert found.evaluation == pytest.approx(2 * 2 * (1.0 + 100 * 0.012))  # of a length between 50 and 150
    assert found.seconds == pytest.approx(10.0 + found.training + found.evaluation + 4 * 2.0)
    assert found.exploring_steps_per_hour == pytest.approx(3600.0 / (0.01 + 1.0 / 50.0))
    assert found.learning_steps_per_hour == pytest.approx(3600.0 / (0.1 + 1.0 / 50.0))


def test_several_environments_reset_while_others_step(compose_config):
    found = forecast(compose_config(*SHORT, "hardware.num_envs=4"), MEASURED)
    assert found.training == pytest.approx(400 * 0.01 + 600 * 0.1)


def test_what_no_callback_does_costs_nothing(compose_config):
    found = forecast(compose_config(*SHORT, "~callbacks.evaluation", "~callbacks.checkpoints"), MEASURED)
    assert found.evaluation == 0.0
    assert found.seconds == pytest.approx(10.0 + found.training)


def test_a_run_that_never_learns_has_no_speed_of_learning(compose_config):
    found = forecast(compose_config(*SHORT, "algorithm.learning_starts=1000"), replace(MEASURED, learning_step=None))
    assert found.learning_steps_per_hour is None
    assert found.training == pytest.approx(1000 * 0.01 + 20 * 1.0)


def test_disk_holds_replay_states_tables_and_scalars(compose_config):
    config = compose_config(*SHORT, "checkpoint.every_steps=100", "checkpoint.keep=2")
    scalars = 600 / config.logging.every_updates * 60 + 20 * 20
    assert forecast(config, MEASURED).disk == pytest.approx(1000 * 7000 + 3 * 1e7 + 1000 * 50 + scalars * 80)
    kept = compose_config(*SHORT, "algorithm.buffer_size=500", "checkpoint.every_steps=100", "checkpoint.keep=2")
    assert forecast(config, MEASURED).disk - forecast(kept, MEASURED).disk == pytest.approx(300 * 7000)
    mapped = compose_config(*SHORT, "checkpoint.every_steps=100", "checkpoint.keep=2", "replay.storage=disk")
    more = forecast(mapped, MEASURED).disk - forecast(config, MEASURED).disk
    assert more == pytest.approx(config.algorithm.buffer_size * 84 * 84)


def test_the_replay_takes_memory_as_it_fills_up(compose_config):
    half = forecast(compose_config("total_steps=50000", "algorithm.buffer_size=100000"), MEASURED).replay_memory
    full = forecast(compose_config("total_steps=200000", "algorithm.buffer_size=100000"), MEASURED).replay_memory
    assert full == pytest.approx(2.0 * half)
    assert full == pytest.approx(100000 * 7200, rel=0.02)  # conf/algorithm/td3.yaml


@pytest.mark.parametrize(("seconds", "words"), [(42.0, "42 s"), (660.0, "11 minutes"), (9000.0, "2.5 hours")])
def test_durations_in_words(seconds, words):
    assert in_words(seconds) == words


@pytest.mark.parametrize(("number", "words"), [(3.6e7, "36 MB"), (7.2e9, "7.2 GB")])
def test_sizes_in_words(number, words):
    assert size(number) == words


def test_more_than_the_disk_holds_is_a_problem_and_a_long_run_takes_several_jobs(compose_config, tmp_path, monkeypatch):
    monkeypatch.setattr("av_td3.doctor.forecast.measure", lambda *_: replace(MEASURED, gpu_bytes=2e9))
    config = compose_config("total_steps=900000000", "algorithm.buffer_size=900000000")
    time_of_run, size_of_run = check_forecast(config, 0.0, tmp_path, 240)
    assert (time_of_run.state, size_of_run.state) == (State.OK, State.PROBLEM)
    assert "jobs of 240 minutes" in time_of_run.text
    assert "2.0 GB of GPU memory" in size_of_run.text
    assert "are free" in size_of_run.text
