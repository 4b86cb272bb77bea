import pytest

from av_td3.config.callback import Callback
from av_td3.env.errors import EpisodeFailed
from av_td3.training.callbacks.show_progress import ShowProgress
from tests.training.fakes import END, Fakes, RecordingAgent, configured


def shown(*episodes, steps, measured=None):
    """What is shown last."""
    config = configured(total_steps=steps, algorithm={"learning_starts": 2}, logging={"every_updates": 1})
    agent = RecordingAgent(measured)
    return Fakes(config, episodes, callbacks={"progress": ShowProgress()}, agent=agent).train().run.display.shown[-1]


def test_the_last_step_is_always_shown():
    progress = shown(range(9), steps=5)
    assert (progress.phase, progress.step, progress.total_steps, progress.episodes) == ("learning", 5, 5, 1)


def test_before_learning_there_is_no_time_left_to_tell():
    progress = shown(range(9), steps=2)
    assert (progress.phase, progress.seconds_left) == ("exploring", None)


class Clock:
    """Time that passes only where a callback lets it."""

    now = 0.0

    def monotonic(self):
        return self.now


class Working(Callback):
    """Every step takes a second, and what follows an episode, such as an evaluation, a minute."""

    def on_step(self, trainer, episode):
        CLOCK.now += 1.0

    def on_episode_end(self, trainer, episode):
        CLOCK.now += 60.0


CLOCK = Clock()


def test_an_evaluation_does_not_slow_down_the_speed_but_counts_in_the_time_left(monkeypatch):
    monkeypatch.setattr("av_td3.training.callbacks.show_progress.time", CLOCK)
    config = configured(total_steps=10, algorithm={"learning_starts": 2}, logging={"every_updates": 1})
    callbacks = {"progress": ShowProgress(), "work": Working()}
    display = Fakes(config, [[1, 1, 1, 1, 1, END], range(20)], callbacks=callbacks).train().run.display
    seen = {progress.step: (progress.steps_per_second, progress.seconds_left) for progress in display.shown}
    assert {speed for speed, _ in list(seen.values())[1:]} == {1.0}
    assert seen[4][1] == 6.0  # a second for each of the six steps that are left
    assert seen[6][1] == 4 * 63.0 / 3  # since step 3 there were three steps and the minute between episodes


def test_the_numbers_are_those_that_the_agent_names():
    assert shown(range(9), steps=3, measured={"train/critic_loss": 2.5}).numbers["loss"] == 2.5
    assert shown(range(9), steps=3).numbers["loss"] is None


def test_reward_and_length_are_smoothed_over_episodes_that_were_not_skipped():
    numbers = shown([10, END], [20, 0, END], [5, EpisodeFailed("no road", "road")], [1, 1], steps=6).numbers
    assert numbers["reward"] == pytest.approx(0.9 * 10 + 0.1 * 20)
    assert numbers["length"] == pytest.approx(0.9 * 1 + 0.1 * 2)


class DrivenAtFirst(Callback):
    """Another driver drives the first two episodes."""

    def on_episode_end(self, trainer, episode):
        episode.demonstrated = episode.number < 2


def test_the_reward_of_the_policy_does_not_mix_with_that_of_the_driver_before_it():
    config = configured(total_steps=6, algorithm={"learning_starts": 2}, logging={"every_updates": 1})
    callbacks = {"driver": DrivenAtFirst(), "progress": ShowProgress()}
    episodes = ([100, END], [100, END], [20, END], [10, END], [1, 1])
    numbers = Fakes(config, episodes, callbacks=callbacks).train().run.display.shown[-1].numbers
    assert numbers["reward"] == pytest.approx(0.9 * 20 + 0.1 * 10)
