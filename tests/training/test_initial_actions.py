"""Who acts before learning starts, on fakes."""

import numpy as np
import pytest

from av_td3.config.callback import Callback
from av_td3.env.seeding import episode_seed
from av_td3.evaluation.driver import Driver
from av_td3.training import initial_actions
from av_td3.training.collector import NO_OPTIONS
from tests.training.fakes import END, Fakes, configured

QUIET = {"exploration_noise": 0.0, "exploration_noise_end": 0.0}


class Counting(Driver):
    """Steers by the number of its actions in the episode, and keeps what it is given."""

    kind = "counting"

    def __init__(self):
        self.begun, self.infos = [], []

    def begin(self, info, seed):
        self.begun.append((info, seed))
        self._actions = 0

    def act(self, observation, info):
        self.infos.append(info)
        self._actions += 1
        return np.array([0.1 * self._actions, -0.5], np.float32)


@pytest.fixture
def drivers(monkeypatch):
    """The drivers that are built."""
    built = []
    monkeypatch.setattr(initial_actions, "build_driver", lambda kind, task: built.append(Counting()) or built[-1])
    return built


def options_of(done):
    """The options of each reset, by environment."""
    return [env.options for env in done.envs]


def stored(done):
    batch = done.replay.sample(300, np.random.default_rng(0))
    rows = zip(batch.reward.tolist(), batch.action.tolist(), strict=True)
    return {(int(reward), round(steer, 4), round(pedal, 4)) for reward, (steer, pedal) in rows}


def test_the_driver_acts_until_learning_starts_then_the_policy(drivers):
    config = configured(total_steps=7, algorithm={"learning_starts": 5, **QUIET}, replay={"fill_with": "pure_pursuit"})
    done = Fakes(config, [[1, 2, 3, END], [4, 5, 6, 7]]).train()
    driven = {(1, 0.1, -0.5), (2, 0.2, -0.5), (3, 0.3, -0.5), (4, 0.1, -0.5), (5, 0.2, -0.5)}
    assert stored(done) == driven | {(6, 0.0, 0.0), (7, 0.0, 0.0)}
    assert done.agent.acted_at == [5, 6]


def test_the_driver_gets_the_seed_of_its_episode_and_the_info_of_each_observation(drivers):
    config = configured(total_steps=5, algorithm={"learning_starts": 5}, replay={"fill_with": "random"})
    done = Fakes(config, [[1, 2, 3, END], [4, 5]]).train()
    (driver,) = drivers
    first = done.env.reset_info
    assert driver.begun == [(first, episode_seed(config.seed, "training", number)) for number in (0, 1)]
    assert [info.get("terms") for info in driver.infos] == [None, {"progress": 1}, {"progress": 2}, None, {"progress": 4}]


def test_every_environment_has_a_driver_of_its_own(drivers):
    config = configured(total_steps=12, algorithm={"learning_starts": 12, **QUIET}, replay={"fill_with": "random"})
    done = Fakes(config, [[1, 2, 3, END]] * 9, [[10, 20, 30, END]] * 9).train()
    assert len(drivers) == 2
    assert {(r, round(10 * s)) for r, s, _ in stored(done)} == {(1, 1), (2, 2), (3, 3), (10, 1), (20, 2), (30, 3)}


def test_other_vehicles_are_observed_only_in_episodes_that_begin_before_learning(drivers):
    scripts = [[1, 2, 3, END], [4, 5, END], [6, END]]
    algorithm = {"learning_starts": 5}
    plain = Fakes(configured(total_steps=6, algorithm=algorithm), scripts).train()
    assert options_of(plain) == [3 * [{"render": False}]]
    config = configured(total_steps=6, algorithm=algorithm, replay={"fill_with": "random"})
    driven = Fakes(config, scripts).train()
    assert options_of(driven) == [[*2 * [{"render": False, "observe_traffic": True}], {"render": False}]]
    assert not drivers[0].begun[2:]
    assert not NO_OPTIONS


def test_exploration_noise_is_added_to_the_drivers_actions(drivers):
    algorithm = {"learning_starts": 60, "exploration_noise": 0.2, "exploration_noise_end": 0.2}
    config = configured(total_steps=60, algorithm=algorithm, replay={"fill_with": "pure_pursuit"})
    done = Fakes(config, [[index, END] for index in range(60)]).train()
    steers = [steer for _, steer, _ in stored(done)]
    assert np.mean(steers) == pytest.approx(0.1, abs=0.1)
    assert np.std(steers) == pytest.approx(0.2, rel=0.4)


def test_a_resumed_run_draws_the_noise_of_one_that_never_stopped(drivers):
    config = configured(total_steps=6, algorithm={"learning_starts": 6}, replay={"fill_with": "pure_pursuit"})
    saved = {}

    class SaveAt3(Callback):
        def on_episode_end(self, trainer, episode):
            if trainer.step == 3:
                saved.update(trainer.state_dict())

    whole = Fakes(config, [[1, 2, 3, END], [4, 5, 6]], callbacks={"save": SaveAt3()}).train()
    rest = Fakes(config, [[4, 5, 6]])
    rest.trainer.load_state_dict(saved)
    assert stored(rest.train()) == {row for row in stored(whole) if row[0] > 3}
