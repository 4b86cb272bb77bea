import math

import numpy as np
import pytest

from av_td3.config.action import Controls
from av_td3.config.observation import VectorEntry
from av_td3.env.observation import FrameStack, observation_space
from tests.env.states import WAYPOINTS, state


@pytest.fixture(scope="module")
def observation(compose_config):
    return compose_config().observation


@pytest.fixture
def numbers(observation):
    return lambda **changes: dict(zip(observation.vector_labels, observation.numbers(state(**changes)), strict=True))


def test_each_number_is_one_at_its_physical_scale(numbers):
    assert numbers(speed=4.0)["speed"] == pytest.approx(1.0)
    assert numbers(lateral=1.75)["lateral"] == pytest.approx(1.0)  # half a lane: the car's centre on the line
    assert numbers(heading_error=math.radians(15.0))["heading_error"] == pytest.approx(1.0)
    straight = numbers()
    for distance in WAYPOINTS:
        assert straight[f"x_{distance:.0f}"] == pytest.approx(4.0)  # a quarter of its distance is 1
        assert straight[f"y_{distance:.0f}"] == pytest.approx(0.0, abs=1e-6)


def test_waypoints_are_in_the_cars_frame(numbers):
    turned = numbers(yaw=math.radians(90.0), heading_error=math.radians(90.0))  # faces right; the route goes left of it
    for distance in WAYPOINTS:
        assert turned[f"x_{distance:.0f}"] == pytest.approx(0.0, abs=1e-5)
        assert turned[f"y_{distance:.0f}"] == pytest.approx(-4.0)
    beside = numbers(lateral=2.0)
    assert beside["y_10"] == pytest.approx(-2.0 / 2.5)


@pytest.mark.parametrize(
    "extreme",
    [
        {"speed": 90.0},
        {"speed": -90.0},
        {"lateral": 500.0, "y": 500.0},
        {"heading_error": -math.pi},
        {"x": -4000.0, "y": 4000.0, "yaw": 2.0},
    ],
)
def test_every_vector_lies_in_the_space(observation, extreme):
    seen = observation.numbers(state(**extreme))
    assert seen.dtype == np.float32
    assert observation_space(observation)["vector"].contains(seen)
    assert np.abs(seen).max() == pytest.approx(observation.bound)  # the bound is met, not merely far away


def test_scales_and_bound_are_those_of_the_config(compose_config):
    observation = compose_config("observation.vector.speed.scale=2", "observation.bound=3").observation
    assert observation.numbers(state(speed=4.0))[0] == 2.0
    assert observation.numbers(state(speed=40.0))[0] == 3.0


def test_previous_controls_are_those_of_the_last_step(compose_config):
    override = "+observation.vector.previous={_target_:av_td3.env.vector.PreviousControls}"
    seen = compose_config(override).observation.numbers(state(controls=Controls(0.25, -0.5)))
    assert seen[-2:].tolist() == [0.25, -0.5]


@pytest.mark.parametrize(("channels", "size"), [(1, 4), (3, 2), (6, 3), (1, 1)])
def test_a_stack_holds_the_newest_frames_oldest_first(channels, size):
    frames = [np.full((channels, 5, 6), i, np.uint8) for i in range(9)]
    stack = FrameStack(size)
    first = stack.restart(frames[0])
    assert first.shape == (channels * size, 5, 6)
    assert set(np.unique(first)) == {0}
    for i in range(1, 9):
        stacked = stack.push(frames[i])
        expected = np.concatenate([frames[max(0, j)] for j in range(i - size + 1, i + 1)])
        assert np.array_equal(stacked, expected)
    assert set(np.unique(stack.restart(frames[5]))) == {5}


def test_the_space_has_the_shapes_of_the_config(compose_config):
    observation = compose_config("observation.stack=3", "observation.frame_size=96", "observation.color=rgb").observation
    space = observation_space(observation)
    assert (space["image"].shape, space["image"].dtype) == ((9, 96, 96), np.uint8)
    assert (space["vector"].shape, space["vector"].dtype) == ((23,), np.float32)


class Pair(VectorEntry):
    def __call__(self, state):
        return np.zeros(2)


def test_numbers_without_a_label_are_named(compose_config):
    seen = compose_config("+observation.vector.pair={_target_:tests.env.test_observation.Pair}").observation
    with pytest.raises(ValueError, match=r"observation\.vector\.pair: returns shape \(2,\), but labels\(\) has 1 names"):
        seen.numbers(state())
