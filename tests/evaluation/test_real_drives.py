"""Drivers on routes of the built-in towns, in an environment with a server of its own."""

import os
import signal

import numpy as np
import pytest

from av_td3.config.route_set import load_route_set
from av_td3.env.remote_env import RemoteEnv
from av_td3.evaluation.driver import Autopilot
from av_td3.evaluation.evaluator import KMH, Evaluator, plan_routes
from av_td3.evaluation.pure_pursuit import PurePursuit


@pytest.fixture(scope="module")
def task(compose_config):
    return compose_config("scenario.npc_vehicles=5", "simulator.restart_delay=0")


@pytest.fixture(scope="module")
def env(task, tmp_path_factory):
    logs = tmp_path_factory.mktemp("logs")
    remote = RemoteEnv(task, task.simulator.server(logs / "simulator.log"), logs / "worker.log")
    yield remote
    remote.close()


def drive(env, task, driver, name, number, seed=0):
    routes = load_route_set(name).routes[:number]
    return list(Evaluator(env, task).drive(driver.kind, driver, plan_routes(routes, 1, seed)))


@pytest.mark.parametrize("name", ["suburb01_test", "ring01_test"])
def test_pure_pursuit_succeeds(env, task, name):
    rows = [one.row for one in drive(env, task, PurePursuit(task.reward.target_speed / KMH), name, 3)]
    assert [row.ending for row in rows] == ["goal"] * 3
    for row in rows:
        assert (row.success, row.route_completion, row.driving_score, row.collisions) == (1, 1.0, 1.0, 0)
        assert row.town.lower() == name.partition("_")[0]
        assert row.lateral_rms < 0.6
        assert row.outside_lane_share == 0.0
        assert row.distance == pytest.approx(row.route_length, abs=8.0)


def test_the_autopilot_drives_a_route(env, task):
    (one,) = drive(env, task, Autopilot(), "suburb01_test", 1)
    assert one.row.ending in ("goal", "time_limit")
    assert one.row.route_completion > 0.5
    assert len({tuple(point) for point in one.trajectory.points[:, 3:].round(3)}) > 5  # its controls, not the given zeros


class Killer(PurePursuit):
    """Kills the server in the middle of its first episode."""

    env, steps = None, 0

    def act(self, observation, info):
        self.steps += 1
        if self.steps == 40:
            os.kill(self.env._server.pid, signal.SIGKILL)
        return super().act(observation, info)


def test_an_episode_whose_server_dies_is_driven_again_the_same(env, task):
    undisturbed = drive(env, task, PurePursuit(8.0), "suburb01_test", 1, seed=4)[0]
    killer = Killer(8.0)
    killer.env = env
    (again,) = drive(env, task, killer, "suburb01_test", 1, seed=4)
    assert killer.steps > 40 + undisturbed.row.steps - 1
    assert len(again.losses) == again.row.simulator_losses == 1
    np.testing.assert_array_equal(again.trajectory.points, undisturbed.trajectory.points)
    assert again.row.reward == undisturbed.row.reward
