from types import SimpleNamespace

import pytest

from av_td3.doctor.stopwatch import MIN_STEPS, WARMUP_UPDATES, Stopwatch


class Training:
    """A training that takes steps when told to, with a clock of its own."""

    def __init__(self, monkeypatch, stopwatch, num_envs=1):
        self.now, self.stopped, self.step = 100.0, False, 0
        self.agent, self.collector = SimpleNamespace(updates=0), range(num_envs)
        self._stopwatch = stopwatch
        monkeypatch.setattr("time.monotonic", lambda: self.now)

    def stop(self, reason):
        self.stopped = True

    def begins(self, env_index=0, after=0.0):
        self.now += after
        self._stopwatch.on_episode_start(self, SimpleNamespace(env_index=env_index))

    def steps(self, number, seconds, updates=0):
        for _ in range(number):
            self.now += seconds
            self.step += 1
            self.agent.updates += updates
            self._stopwatch.on_step(self, SimpleNamespace(env_index=0))

    def ends(self, env_index=0):
        record = SimpleNamespace(training_scalars=lambda: {"episode/reward": 1.0, "episode/length": 2.0})
        self._stopwatch.on_episode_end(self, SimpleNamespace(env_index=env_index, record=record))


def stopwatch(exploring_steps=300, learning_seconds=12.0, max_seconds=90.0):
    return Stopwatch(exploring_steps=exploring_steps, learning_seconds=learning_seconds, max_seconds=max_seconds)


def test_steps_and_resets_are_timed_apart(monkeypatch):
    watch = stopwatch()
    training = Training(monkeypatch, watch)
    training.begins()
    training.steps(10, 0.01)
    training.ends()
    training.begins(after=2.0)
    training.steps(10, 0.03)
    assert watch.began == 100.0
    assert watch.exploring_step == pytest.approx(0.02)
    assert watch.reset == pytest.approx(2.0)
    assert watch.scalars_per_episode == 2
    assert watch.learning_step is None


def test_with_several_environments_the_time_of_a_reset_is_part_of_the_steps(monkeypatch):
    watch = stopwatch()
    training = Training(monkeypatch, watch, num_envs=2)
    training.begins(0)
    training.begins(1)
    training.steps(4, 0.1)
    training.ends(0)
    training.steps(1, 0.6)
    training.begins(0)
    assert watch.exploring_step == pytest.approx(0.2)
    assert watch.reset == pytest.approx(0.6)


def test_the_tags_of_a_point_are_counted_when_it_is_logged(monkeypatch):
    watch = stopwatch()
    training = Training(monkeypatch, watch)
    assert watch.scalars_per_point == 0
    watch.on_measurements(training, {"critic/loss": 1.0, "actor/loss": 2.0, "perf/updates": 3.0})
    watch.on_measurements(training, {"critic/loss": 1.0, "perf/updates": 4.0})
    assert watch.scalars_per_point == 2.5


def test_the_first_updates_are_not_timed(monkeypatch):
    watch = stopwatch()
    training = Training(monkeypatch, watch)
    training.begins()
    training.steps(10, 0.01)
    training.steps(WARMUP_UPDATES, 20.0, updates=1)
    training.steps(5, 0.1, updates=1)
    assert watch.learning_step == pytest.approx(0.1)


def test_it_stops_after_the_seconds_of_learning_and_at_least_some_steps(monkeypatch):
    training = Training(monkeypatch, stopwatch(max_seconds=1000.0))
    training.begins()
    training.steps(400, 0.01)
    training.steps(WARMUP_UPDATES + MIN_STEPS - 1, 5.0, updates=1)
    assert not training.stopped
    training.steps(1, 5.0, updates=1)
    assert training.stopped


def test_a_run_that_does_not_learn_stops_after_its_steps(monkeypatch):
    training = Training(monkeypatch, stopwatch(exploring_steps=20, learning_seconds=0.0))
    training.begins()
    training.steps(19, 0.01)
    assert not training.stopped
    training.steps(1, 0.01)
    assert training.stopped


def test_a_slow_run_stops_at_the_limit(monkeypatch):
    training = Training(monkeypatch, stopwatch(max_seconds=90.0))
    training.begins()
    training.steps(9, 10.0)
    assert not training.stopped
    training.steps(1, 10.0)
    assert training.stopped
