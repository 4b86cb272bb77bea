"""The evaluator in an environment whose episodes end as a test says. Lost servers are in test_real_drives.py."""

from contextlib import contextmanager

import numpy as np
import pytest

from av_td3.config.route_set import RouteSpec
from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import Step
from av_td3.evaluation.driver import Autopilot, RandomDriver
from av_td3.evaluation.evaluator import Evaluator, plan_drawn, plan_routes
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from tests.evaluation.cars import info

ROUTES = [RouteSpec(id=name, town="Ring01", positions=[[0, 0, 0], [9, 0, 0]], weather={}) for name in ("a", "b", "c")]
START = info(route=[[0.0, 0.0], [9.0, 1.0]], route_length=9.0, town="Ring01", weather="ClearNoon")
LAST = {"ending": "goal", "success": True, "route_completion": 1.0}
STEPS = 3


class Scripted:
    """An environment. Each episode raises the next error in its second step, or lasts STEPS steps where that is None."""

    def __init__(self, *errors, in_reset=False):
        self._errors, self._in_reset = list(errors), in_reset
        self.begun, self.reset_info = [], {}

    def reset(self, seed, options):
        self.begun.append((seed, options))
        self._error = self._errors.pop(0) if self._errors else None
        self._steps = 0
        if self._error is not None and self._in_reset:
            raise self._error
        self.reset_info = START
        return {}

    def step(self, action):
        self._steps += 1
        if self._error is not None and self._steps == 2:
            raise self._error
        over = self._steps == STEPS
        found = info(speed=5.0, position=(0.5 * self._steps, 0.0), controls=(0.25, 0.5)) | (LAST if over else {})
        return Step({}, 2.0, over, False, found)

    def render(self):
        return np.full((2, 2, 3), self._steps, np.uint8)


@pytest.fixture
def drive(compose_config):
    def driving(env, episodes, driver=None, recorder=None, *overrides):
        task = compose_config(*overrides)
        return list(Evaluator(env, task, recorder).drive("me", driver or RandomDriver(), episodes))

    return driving


def test_an_episode_becomes_a_row_a_trajectory_and_a_goal(drive):
    env = Scripted()
    (one,) = drive(env, plan_routes(ROUTES[:1], 1, 0))
    row = one.row
    assert (row.key, row.town, row.weather, row.route_length) == (("me", "a", 0), "Ring01", "ClearNoon", 9.0)
    assert (row.ending, row.success, row.steps, row.reward, row.simulator_losses) == ("goal", 1, 3, 6.0, 0)
    assert row.distance == pytest.approx(1.5)
    np.testing.assert_allclose(one.trajectory.points[-1], [1.5, 0.0, 5.0, 0.25, 0.5])
    assert (len(one.trajectory.points), one.goal, one.losses, one.failure) == (3, (9.0, 1.0), [], None)
    ((seed, options),) = env.begun
    assert seed == plan_routes(ROUTES[:1], 1, 0)[0].seed
    assert options == {"route": ROUTES[0], "observe_traffic": True, "autopilot": False}


def test_the_autopilot_is_asked_of_the_environment(drive):
    env = Scripted()
    drive(env, plan_routes(ROUTES[:1], 1, 0), Autopilot())
    assert env.begun[0][1]["autopilot"]


def test_an_episode_lost_with_its_simulator_is_driven_again_counted_and_listed(drive):
    env = Scripted(None, SimulatorLost("no answer"), SimulatorLost("gone"))
    first, second, third = drive(env, plan_routes(ROUTES, 1, 0))
    assert (first.losses, second.losses, third.losses) == ([], ["no answer", "gone"], [])
    assert [one.row.simulator_losses for one in (first, second, third)] == [0, 2, 0]
    assert (second.row.ending, second.row.steps, second.row.reward) == ("goal", 3, 6.0)  # of the last try alone
    assert len(second.trajectory.points) == 3
    assert len({begun[0] for begun in env.begun[1:4]}) == 1  # the same seed


@pytest.mark.parametrize("in_reset", [True, False])
def test_an_episode_that_fails_is_a_row_of_zeros_and_the_others_are_driven(drive, in_reset):
    env = Scripted(None, EpisodeFailed("no lanes lead there", "episode"), in_reset=in_reset)
    rows = drive(env, plan_routes(ROUTES, 1, 0))
    assert [one.row.ending for one in rows] == ["goal", "failed", "goal"]
    failed = rows[1]
    assert (failed.row.success, failed.row.route_completion, failed.row.driving_score) == (0, 0.0, 0.0)
    assert (failed.row.town, failed.row.weather, failed.row.jerk_rms) == ("Ring01", "ClearNoon", None)
    assert "no lanes lead there" in failed.failure
    assert (failed.trajectory, failed.goal) == (None, None)


def test_a_failed_episode_is_in_the_town_and_weather_as_far_as_they_are_known(drive):
    def failed(planned, *overrides):
        (one,) = drive(Scripted(EpisodeFailed("x", "y")), planned, None, None, *overrides)
        return one.row.town, one.row.weather

    drawn, lists = plan_drawn(1, 0), ("scenario.town=[Loop01,Ring01]", "scenario.weather=[ClearNoon,WetNoon]")
    assert failed(drawn, "scenario.town=Loop01") == ("Loop01", "ClearNoon")
    assert failed(drawn, *lists) == ("unknown", "unknown")
    rainy = ROUTES[0].model_copy(update={"weather": {"precipitation": 50.0}})
    assert failed(plan_routes([rainy], 1, 0), *lists) == ("Ring01", "route")


def test_a_simulator_that_is_gone_for_good_ends_the_evaluation(drive):
    with pytest.raises(SimulatorUnavailable, match="gave up"):
        drive(Scripted(SimulatorLost("x"), SimulatorUnavailable("gave up")), plan_routes(ROUTES, 1, 0))


def test_frames_are_recorded_before_each_step_and_after_the_last(drive):
    seen, closed = [], []

    class Recorder:
        def add(self, frame):
            seen[-1].append(int(frame[0, 0, 0]))

    @contextmanager
    def recorder(planned):
        seen.append([])
        try:
            yield Recorder()
            closed.append(planned.route_id)
        except SimulatorLost:
            closed.append("lost")
            raise

    drive(Scripted(SimulatorLost("x")), plan_routes(ROUTES[:2], 1, 0), None, recorder)
    assert seen == [[0, 1], [0, 1, 2, 3], [0, 1, 2, 3]]
    assert closed == ["lost", "a", "b"]


def test_seeds_depend_on_route_and_repeat_and_on_nothing_else():
    plan = plan_routes(ROUTES, 3, seed=5)
    assert [(one.route_id, one.repeat) for one in plan] == [(name, repeat) for name in "abc" for repeat in range(3)]
    seeds = {(one.route_id, one.repeat): one.seed for one in plan}
    assert len(set(seeds.values())) == 9
    fewer = {(one.route_id, one.repeat): one.seed for one in plan_routes(ROUTES[2:], 2, seed=5)}
    assert fewer.items() <= seeds.items()
    assert not set(seeds.values()) & {one.seed for one in plan_routes(ROUTES, 3, seed=6)}


def test_drawn_episodes_are_those_of_the_evaluations_of_a_run():
    plan = plan_drawn(4, seed=5)
    assert len({one.seed for one in plan}) == 4
    assert all(one.route is None for one in plan)
    assert plan_drawn(2, seed=5) == plan[:2]
