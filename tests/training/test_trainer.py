"""The rules of the loop, on fakes."""

import signal

import numpy as np
import pytest
import torch
from pydantic import PrivateAttr

from av_td3.config.callback import Callback
from av_td3.env.errors import EpisodeFailed
from av_td3.machine import interrupts
from av_td3.runs.errors import RunFailed
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.training.reward_scale import RunningRewardScaler
from tests.training.fakes import CUT, END, Fakes, RecordingAgent, at, configured

REWARDS = [3.0, -40.0, 25.0, 8.0, 90.0, -7.0]


class Diary(Callback):
    """Writes down every call, and its step."""

    _events: list = PrivateAttr(default_factory=list)

    @property
    def events(self):
        return self._events

    def on_training_start(self, trainer):
        self._events.append(("start", trainer.step))

    def on_episode_start(self, trainer, episode):
        self._events.append((f"episode {episode.number}", trainer.step))

    def on_step(self, trainer, episode):
        self._events.append(("step", trainer.step))

    def on_measurements(self, trainer, scalars):
        self._events.append(("measured", trainer.step))

    def on_episode_end(self, trainer, episode):
        self._events.append((episode.record.ending, trainer.step))

    def on_training_end(self, trainer):
        self._events.append(("end", trainer.step))


# -- what is stored ----------------------------------------------------------------------------------------------------


def test_a_termination_ends_the_value_and_a_truncation_does_not():
    config = configured(total_steps=7, algorithm={"learning_starts": 7, "discount": 0.9})
    done = Fakes(config, [[1, 2, 3, CUT], [4, 5, 6, END], [7]]).train()
    batch = done.replay.sample(500, np.random.default_rng(0))
    discounts = {int(reward): round(float(discount), 4) for reward, discount in zip(batch.reward, batch.discount, strict=True)}
    assert discounts == {1: 0.9, 2: 0.9, 3: 0.9, 4: 0.9, 5: 0.9, 6: 0.0, 7: 0.9}


def test_the_action_that_led_to_a_reward_is_stored_with_it():
    config = configured(total_steps=4, algorithm={"learning_starts": 0, "exploration_noise": 0.0, "exploration_noise_end": 0.0})
    agent = RecordingAgent()
    agent.act = lambda observation: np.full(2, agent.trainer.step / 10, np.float32)
    done = Fakes(config, [[1, 2, END], [3, 4]], agent=agent).train()
    batch = done.replay.sample(100, np.random.default_rng(0))
    pairs = {
        (round(reward), round(action[0], 1))
        for reward, action in zip(batch.reward.tolist(), batch.action.tolist(), strict=True)
    }
    assert pairs == {(1, 0.0), (2, 0.1), (3, 0.2), (4, 0.3)}


@pytest.mark.parametrize("normalized", [True, False])
def test_rewards_are_scaled_when_they_are_learned_from_where_that_is_configured(normalized):
    algorithm = {"learning_starts": 4, "batch_size": 64, "reward_normalization": normalized}
    done = Fakes(configured(total_steps=6, algorithm=algorithm), [REWARDS]).train()
    scaler = RunningRewardScaler(0.99, num_envs=1)
    for reward in REWARDS:
        scaler.observe(reward, False, 0)
    learned = set(done.agent.batches[-1].reward.tolist())
    assert learned == (set(scaler(torch.tensor(REWARDS)).tolist()) if normalized else set(REWARDS))
    assert done.rewards() == sorted(REWARDS)


# -- when it learns and acts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("learning_starts", "train_freq", "gradient_steps", "steps"),
    [(4, 1, 1, [5, 6, 7, 8, 9, 10]), (4, 2, 3, [6, 6, 6, 8, 8, 8, 10, 10, 10]), (5, 4, 1, [8]), (10, 1, 1, [])],
)
def test_updates_become_due(learning_starts, train_freq, gradient_steps, steps):
    algorithm = {"learning_starts": learning_starts, "train_freq": train_freq, "gradient_steps": gradient_steps}
    done = Fakes(configured(total_steps=10, algorithm=algorithm), [[1, 2, 3, END], [4, 5, 6, 7, 8, 9, 10]]).train()
    assert done.agent.updated_at == steps


def test_the_policy_acts_from_when_learning_starts():
    done = Fakes(configured(total_steps=8, algorithm={"learning_starts": 5}), [range(10)]).train()
    assert done.agent.acted_at == [5, 6, 7]


def test_the_environment_acts_while_the_agent_learns():
    asked = []
    agent = RecordingAgent()
    agent.update = lambda batch: (asked.append(done.env.diary.count("step")), agent.batches.append(batch))
    done = Fakes(configured(total_steps=3, algorithm={"learning_starts": 1}), [[1, 2, 3]], agent=agent)
    done.trainer.collector.act = _waiting(done.trainer.collector.act, lambda: done.env.diary.count("step"))
    done.train()
    assert asked == [3, 3]  # the third step was under way in the update after the second one


def _waiting(act, steps):
    def until_asked(env_index, action):
        before = steps()
        act(env_index, action)
        while steps() == before:
            pass

    return until_asked


def test_measurements_are_drained_every_so_many_updates():
    config = configured(total_steps=9, algorithm={"learning_starts": 2}, logging={"every_updates": 3})
    diary = Diary()
    Fakes(config, [range(9)], callbacks={"diary": diary}).train()
    assert [step for event, step in diary.events if event == "measured"] == [5, 8]


def test_a_point_holds_what_the_agent_measured_and_the_state_of_the_loop():
    points = []

    class Keep(Callback):
        def on_measurements(self, trainer, scalars):
            points.append(scalars)

    config = configured(total_steps=4, algorithm={"learning_starts": 0, "exploration_noise": 0.5}, logging={"every_updates": 4})
    Fakes(config, [range(4)], callbacks={"keep": Keep()}, agent=RecordingAgent({"train/critic_loss": 2.5})).train()
    (point,) = points
    assert point["train/critic_loss"] == 2.5
    assert (point["train/updates"], point["perf/simulator_restarts"]) == (4.0, 0.0)
    assert point["train/exploration_noise"] == pytest.approx(0.5, abs=1e-3)
    assert point["perf/env_steps_per_s"] > 0.0


# -- the order of events -----------------------------------------------------------------------------------------------


def test_callbacks_are_called_in_order():
    config = configured(total_steps=4, algorithm={"learning_starts": 2}, logging={"every_updates": 1})
    diary = Diary()
    Fakes(config, [[1, 2, END], [3, 4, 5]], callbacks={"diary": diary}).train()
    assert diary.events == [
        ("start", 0),
        ("episode 0", 0),
        ("step", 1),
        ("step", 2),
        ("goal", 2),
        ("episode 1", 2),
        ("measured", 3),
        ("step", 3),
        ("measured", 4),
        ("step", 4),
        ("end", 4),
    ]


def test_a_callback_sees_what_those_before_it_added():
    class Adds(Callback):
        def on_measurements(self, trainer, scalars):
            scalars["mine/number"] = 3.0

    seen = []

    class Sees(Callback):
        def on_measurements(self, trainer, scalars):
            seen.append(scalars["mine/number"])

    config = configured(total_steps=2, algorithm={"learning_starts": 1}, logging={"every_updates": 1})
    Fakes(config, [[1, 2]], callbacks={"adds": Adds(), "sees": Sees()}).train()
    assert seen == [3.0]


def test_the_last_step_may_lie_within_an_episode():
    diary = Diary()
    done = Fakes(configured(total_steps=5), [[1, 2, END], [3, 4, 5, 6]], callbacks={"diary": diary}).train()
    assert done.trainer.step == done.replay.transitions == 5
    assert (done.env.diary.count("reset"), done.env.diary.count("step")) == (2, 5)
    assert diary.events[-2:] == [("step", 5), ("end", 5)]


def test_after_a_last_step_that_ends_an_episode_no_other_begins():
    diary = Diary()
    done = Fakes(configured(total_steps=5), [[1, 2, END], [3, 4, 5, CUT]], callbacks={"diary": diary}).train()
    assert diary.events[-3:] == [("step", 5), ("time_limit", 5), ("end", 5)]
    assert done.env.diary.count("reset") == 2


def test_a_run_that_has_done_all_its_steps_begins_nothing():
    diary = Diary()
    done = Fakes(configured(total_steps=5), [[1]], callbacks={"diary": diary})
    done.trainer.step = 5
    done.train()
    assert (diary.events, done.env.diary) == ([], ["close"])


def test_a_callback_stops_the_training_after_its_step():
    done = Fakes(configured(total_steps=9), [range(9)], callbacks={"stop": at(3, lambda trainer: trainer.stop("enough"))})
    done.train()
    assert (done.trainer.step, done.trainer.stop_reason, done.trainer.finished) == (3, "enough", False)


def test_the_first_reason_to_stop_is_the_one_that_counts():
    def stop_twice(trainer):
        trainer.stop("first")
        trainer.stop("second")

    done = Fakes(configured(total_steps=9), [range(9)], callbacks={"stop": at(3, stop_twice)}).train()
    assert done.trainer.stop_reason == "first"


def test_a_run_that_is_stopped_before_its_first_episode_begins_none():
    class StopsAtOnce(Callback):
        def on_training_start(self, trainer):
            trainer.stop("enough")

    done = Fakes(configured(total_steps=9), [range(9)], callbacks={"stop": StopsAtOnce()}).train()
    assert (done.trainer.step, done.env.diary) == (0, ["close"])


# -- what is lost with an episode --------------------------------------------------------------------------------------


def test_a_lost_episode_costs_the_step_in_progress_only():
    lost, diary = SimulatorLost("the connection was dropped"), Diary()
    done = Fakes(configured(total_steps=5), [[1, 2, lost], [lost], [3, 4, END], [5]], callbacks={"diary": diary}).train()
    assert done.rewards() == [1, 2, 3, 4, 5]
    assert [event for event in diary.events if event[0] in ("lost", "goal")] == [("lost", 2), ("lost", 2), ("goal", 4)]


def test_an_episode_that_fails_is_skipped_and_the_next_one_begins():
    failed, diary = EpisodeFailed("no road leads on", "road"), Diary()
    done = Fakes(configured(total_steps=4), [[1, 2, failed], [3, 4, END]], callbacks={"diary": diary}).train()
    assert [event for event in diary.events if event[0] in ("skipped", "goal")] == [("skipped", 2), ("goal", 4)]
    assert done.rewards() == [1, 2, 3, 4]


def test_a_run_gives_up_once_the_third_episode_alike_is_written_down():
    failed, diary = EpisodeFailed("no road leads on", "road"), Diary()
    with pytest.raises(RunFailed, match="3 episodes in a row failed alike"):
        Fakes(configured(total_steps=4), [[failed]] * 3, callbacks={"diary": diary}).train()
    assert [event for event, _ in diary.events] == ["start", "skipped", "skipped", "skipped"]


def test_an_episode_in_between_makes_good_for_those_that_failed():
    failed = EpisodeFailed("no road leads on", "road")
    done = Fakes(configured(total_steps=6), [[failed], [failed], [1, 2, END], [failed], [failed], [3, 4, 5, 6]]).train()
    assert done.trainer.finished


def test_each_environment_has_its_own_row_of_failed_episodes():
    failed = EpisodeFailed("no road leads on", "road")
    scripts = ([[failed], [failed], [1, 2, 3, END]], [[failed], [failed], [4, 5, 6, END]])
    assert Fakes(configured(total_steps=4), *scripts).train().trainer.step == 4


def test_the_return_of_each_environment_is_its_own():
    algorithm = {"reward_normalization": True, "learning_starts": 100, "discount": 0.5}
    done = Fakes(configured(total_steps=4, algorithm=algorithm), [[1, 1, END]] * 9, [[100, 100, END]] * 9).train()
    alone = RunningRewardScaler(0.5, num_envs=2)
    for reward, is_over, env_index in ((1, False, 0), (100, False, 1), (1, True, 0), (100, True, 1)):
        alone.observe(reward, is_over, env_index)
    found, expected = done.trainer.state_dict()["reward_scale"], alone.state_dict()
    assert found["count"] == expected["count"]
    assert found["mean"] == pytest.approx(expected["mean"])


def test_every_environment_fills_a_ring_of_its_own():
    config = configured(total_steps=12, algorithm={"discount": 0.5, "n_step": 2})
    done = Fakes(config, [[1, 2, 3, END]] * 9, [[10, 20, 30, END]] * 9).train()
    assert done.trainer.step == 12
    assert set(done.rewards()) <= {1 + 1, 2 + 1.5, 3, 10 + 10, 20 + 15, 30, 1, 2, 10, 20}  # sums over two steps of one ring


def test_every_environment_has_an_action_of_its_own():
    config = configured(total_steps=12, algorithm={"learning_starts": 100})
    done = Fakes(config, [[1, 2, 3, END]] * 9, [[10, 20, 30, END]] * 9).train()
    batch = done.replay.sample(500, np.random.default_rng(0))
    actions = [set(batch.action[where].flatten().tolist()) for where in (batch.reward < 5, batch.reward > 5)]
    assert actions[0]
    assert actions[1]
    assert actions[0].isdisjoint(actions[1])


# -- what is wrong with other people's classes -------------------------------------------------------------------------


def test_an_exception_of_a_callback_names_the_callback_the_event_and_the_line():
    class Broken(Callback):
        def on_step(self, trainer, episode):
            {}["speed"]

    reason = r"callbacks\.mine: on_step raised KeyError: 'speed' \(at training/test_trainer\.py:\d+, `\{\}\[\"speed\"\]`\)"
    with pytest.raises(RunFailed, match=reason):
        Fakes(configured(total_steps=3), [[1, 2, 3]], callbacks={"mine": Broken()}).train()


@pytest.mark.parametrize(
    "error",
    [RunFailed("enough"), SimulatorUnavailable("gone"), OSError(28, "No space left on device"), RuntimeError("out of memory")],
)
def test_what_ends_a_run_by_itself_is_not_blamed_on_a_callback(error):
    def fail(trainer):
        raise error

    with pytest.raises(type(error)) as caught:
        Fakes(configured(total_steps=3), [[1, 2, 3]], callbacks={"mine": at(2, fail)}).train()
    assert caught.value is error


def test_an_action_of_the_wrong_shape_is_refused_before_it_is_spread_over_the_controls():
    agent = RecordingAgent()
    agent.act = lambda observation: np.zeros(1, np.float32)
    with pytest.raises(RunFailed, match=r"algorithm: act returned shape \(1,\); must be \(2,\)"):
        Fakes(configured(total_steps=3, algorithm={"learning_starts": 0}), [[1, 2, 3]], agent=agent).train()


def test_an_update_that_does_not_count_itself_is_refused():
    agent = RecordingAgent()
    agent.update = lambda batch: None
    with pytest.raises(RunFailed, match="algorithm: update must add 1 to updates, which was 0 and is 0"):
        Fakes(configured(total_steps=3, algorithm={"learning_starts": 1}), [[1, 2, 3]], agent=agent).train()


# -- its state ---------------------------------------------------------------------------------------------------------


def episodes(first):
    return [[first + i, first + i + 0.5, END] for i in range(40)]


def trained(config, state=None, **more):
    done = Fakes(config, episodes(100 if state is None else 102), **more)
    if state is not None:
        done.trainer.load_state_dict(state)
        done.trainer.collector.replay.restore(state["replay"])
    return done.train()


def test_a_resumed_run_continues_bit_for_bit():
    algorithm = {"learning_starts": 2, "batch_size": 8, "reward_normalization": True, "random_action_steps": 3}
    config, saved = configured(total_steps=20, algorithm=algorithm), {}

    class SaveAt4(Callback):
        def on_episode_end(self, trainer, episode):
            if trainer.step == 4:
                saved.update(trainer.state_dict(), replay=trainer.collector.replay.export_new())

    whole = trained(config, callbacks={"save": SaveAt4()})
    rest = trained(config, saved)
    assert whole.trainer.step == rest.trainer.step == 20
    assert len(rest.agent.batches) == len(whole.agent.batches) == 18
    for ours, theirs in zip(whole.agent.batches[2:], rest.agent.batches[2:], strict=True):
        assert all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(ours, theirs, strict=True))


def test_the_newest_score_is_restored():
    first, second = (Fakes(configured(total_steps=3), [[1, 2, 3]]) for _ in range(2))
    first.trainer.score = 7.5
    second.trainer.load_state_dict(first.trainer.state_dict())
    assert second.trainer.score == 7.5


def test_callbacks_keep_their_state_and_a_new_one_begins_with_none():
    class Counts(Callback):
        _count: int = 0

        def on_step(self, trainer, episode):
            self._count += 1

        def state_dict(self):
            return {"count": self._count}

        def load_state_dict(self, state):
            self._count = state["count"]

    first = Fakes(configured(total_steps=3), [[1, 2, 3]], callbacks={"counts": Counts()}).train()
    second = Fakes(configured(total_steps=3), [[]], callbacks={"new": Counts(), "counts": Counts()})
    second.trainer.load_state_dict(first.trainer.state_dict())
    second.train()
    assert second.trainer.state_dict()["callbacks"] == {"new": {"count": 0}, "counts": {"count": 3}}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_ends_the_training_even_where_its_exception_is_dropped():
    class Interrupted:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    interrupts.listen()
    fakes = Fakes(configured(total_steps=9), [range(9)], callbacks={"interrupt": at(3, lambda trainer: Interrupted() and None)})
    try:
        with pytest.raises(KeyboardInterrupt):
            fakes.train()
    finally:
        interrupts.answer()
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert fakes.trainer.step == 3
