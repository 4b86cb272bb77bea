"""What the environment's process answers, with an environment that stands in for CARLA's."""

import socket
from multiprocessing.connection import Connection

import pytest

from av_td3.env.errors import EpisodeFailed
from av_td3.env.worker import serve
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable


class Env:
    """Says what it was asked for; a step is an error where the action is one."""

    def __init__(self, task, render_mode):
        self.closed = False
        self.warnings = ["old"]
        self.render_mode = render_mode
        MADE.append(self)

    def reset(self, seed=None, options=None):
        return ("reset", (seed, options))

    def step(self, action):
        if isinstance(action, Exception):
            raise action
        return ("step", action)

    def render(self):
        return ("render", self.render_mode)

    def close(self):
        self.closed = True


MADE = []


@pytest.fixture
def answers(compose_config, monkeypatch):
    """What comes back for some requests, once the process has started and until it ends."""
    monkeypatch.setattr("av_td3.env.carla_env.CarlaEnv", Env)

    def served(*requests, render_mode=None):
        ours, theirs = (Connection(end.detach()) for end in socket.socketpair())
        with ours, theirs:
            for message in (compose_config("scenario=loop"), *requests, ("close", None)):
                ours.send(message)
            serve(theirs, 0, render_mode)
            found = []
            while ours.poll():
                found.append(ours.recv())
        assert MADE.pop().closed
        return found

    return served


def test_an_episode_follows_from_the_seed_and_a_step_from_the_action(answers):
    requests = (("reset", (7, None)), ("step", 0.5), ("step", -0.5), ("reset", (8, {"town": "Ring01"})))
    assert answers(*requests) == [("done", ["old"]), *(("done", request) for request in requests)]


def test_a_frame_is_drawn_when_it_is_requested(answers):
    assert answers(("reset", (7, None)), ("render", None), render_mode="rgb_array")[2] == ("done", ("render", "rgb_array"))


def test_after_an_episode_that_failed_it_continues(answers):
    failed = EpisodeFailed("what, where and when", "what and where")
    found = answers(("step", failed), ("reset", (8, None)))
    assert found[1:] == [("EpisodeFailed", ("what, where and when", "what and where")), ("done", ("reset", (8, None)))]


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (SimulatorLost("silent"), ("SimulatorLost", "silent")),
        (SimulatorUnavailable("no such town"), ("SimulatorUnavailable", "no such town")),
        (ValueError("wrong"), ("RunFailed", "ValueError in the environment: wrong")),
    ],
)
def test_after_any_other_error_it_ends(answers, error, answer):
    assert answers(("step", error), ("reset", 8))[1:] == [answer]
