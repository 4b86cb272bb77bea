"""The functions below run in this process, so they take its thread for the handlers of signals."""

import time

import pytest

from av_td3.config.callback import Callback
from av_td3.doctor import measurement
from av_td3.doctor.measurement import measure
from av_td3.runs.errors import RunFailed

RUN = ("network=small_cnn", "scenario=suburb_empty", "algorithm.batch_size=16", "hardware=cpu", "hardware.threads=1")


class Sending(Callback):
    """Would send something elsewhere."""

    def setup(self, config, folder):
        raise AssertionError("called by a measurement")


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    monkeypatch.setattr(measurement, "EXPLORING_STEPS", 60)
    monkeypatch.setattr(measurement, "LEARNING_SECONDS", 1.0)


def test_every_part_of_a_run_is_measured_and_no_callback_of_the_config_is_called(compose_config, tmp_path):
    config = compose_config(*RUN, "scenario.max_episode_steps=20", f"+callbacks.sending._target_={__name__}.Sending")
    found = measure(config, time.monotonic(), tmp_path)
    assert 0.0 < found.exploring_step < found.learning_step < 1.0
    assert 0.0 < found.act < found.learning_step
    assert 0.0 < found.reset < found.start
    assert found.episode_length <= 20.0
    assert found.state_bytes > 1e6
    assert found.replay_bytes == pytest.approx(7200, rel=0.1)
    assert 20.0 < found.table_bytes < 200.0
    assert 40.0 < found.scalar_bytes < 200.0
    assert found.scalars_per_episode > 10
    assert found.scalars_per_point > 40


@pytest.mark.parametrize("every_updates", [1, 10**6], ids=["after every point", "before the first point"])
def test_the_tags_of_a_point_are_counted_wherever_the_training_stops(compose_config, tmp_path, every_updates):
    found = measure(compose_config(*RUN, f"logging.every_updates={every_updates}"), time.monotonic(), tmp_path)
    assert found.scalars_per_point > 30  # a point after a single update has not all tags


def test_a_run_that_never_learns_is_measured_without_updates(compose_config, tmp_path):
    found = measure(compose_config(*RUN, "total_steps=100", "algorithm.learning_starts=100"), time.monotonic(), tmp_path)
    assert found.learning_step is None


def test_a_run_that_is_too_slow_cannot_be_measured(compose_config, tmp_path, monkeypatch):
    monkeypatch.setattr(measurement, "MAX_SECONDS", 0.05)
    with pytest.raises(RunFailed, match="too few for a forecast"):
        measure(compose_config(*RUN), time.monotonic(), tmp_path)
