import math

import numpy as np
import pytest

from av_td3.config.action import Controls
from av_td3.env.action import RateLimitedSteerPedal, SteerPedal, validate_action

NAMES = ("steering", "pedal")
DELTA = 0.1


def test_steer_and_pedal_are_the_action_itself():
    action = SteerPedal()
    assert (action.size, action.names) == (2, NAMES)
    controls = action.controls(np.array([0.25, -0.5]), Controls(1.0, 1.0), DELTA)
    assert controls == Controls(0.25, -0.5)
    assert all(type(value) is float for value in controls)


def test_a_limited_action_moves_by_rate_times_time_at_most():
    action = RateLimitedSteerPedal(max_steer_rate=4.0, max_pedal_rate=5.0)
    controls = Controls(0.0, 0.0)
    seen = []
    for _ in range(4):
        controls = action.controls(np.array([1.0, -1.0]), controls, DELTA)
        seen.append(controls)
    assert [c.steer for c in seen] == pytest.approx([0.4, 0.8, 1.0, 1.0])
    assert [c.pedal for c in seen] == pytest.approx([-0.5, -1.0, -1.0, -1.0])


def test_a_limited_action_never_moves_faster_nor_past_its_target():
    rng, action = np.random.default_rng(0), RateLimitedSteerPedal(max_steer_rate=1.5, max_pedal_rate=0.7)
    controls = Controls(0.0, 0.0)
    for _ in range(500):
        target, delta = rng.uniform(-1.0, 1.0, 2), float(rng.uniform(0.01, 0.1))
        now = action.controls(target, controls, delta)
        for new, old, goal, rate in zip(now, controls, target, (1.5, 0.7), strict=True):
            assert abs(new - old) <= rate * delta + 1e-12
            assert min(old, goal) - 1e-12 <= new <= max(old, goal) + 1e-12
            if abs(goal - old) > rate * delta:
                assert abs(new - old) == pytest.approx(rate * delta)
        controls = now


def test_limits_that_are_never_reached_change_no_bit():
    rng, plain = np.random.default_rng(0), SteerPedal()
    limited = RateLimitedSteerPedal(max_steer_rate=1000.0, max_pedal_rate=1000.0)
    a = b = Controls(0.0, 0.0)
    for _ in range(500):
        target = rng.uniform(-1.0, 1.0, 2) * 10.0 ** rng.uniform(-20.0, 0.0, 2)  # small ones too, which a sum would round
        a, b = plain.controls(target, a, DELTA), limited.controls(target, b, DELTA)
        assert a == b


def test_the_option_of_limited_actions_has_its_rates(compose_config):
    action = compose_config("action=steer_pedal_rate_limited").action
    assert isinstance(action, RateLimitedSteerPedal)
    assert (action.max_steer_rate, action.max_pedal_rate) == (4.0, 5.0)
    assert type(compose_config().action) is SteerPedal


@pytest.mark.parametrize("action", [[0.1, -3], (0.1, -3.0), np.array([0.1, -3.0], np.float32)])
def test_numbers_of_any_kind_are_taken_and_clipped(action):
    found = validate_action(action, NAMES)
    assert found.dtype == np.float64
    assert found == pytest.approx([0.1, -1.0])


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ([0.1], r"must be real numbers, steering and pedal, shape \(2,\)"),
        ([[0.1, 0.2]], r"shape \(2,\)"),
        ("ab", "must be real numbers"),
        ([[0.1], [0.2, 0.3]], "must be real numbers"),
        ([True, False], "must be real numbers"),
        ([0.1, math.nan], r"must be finite; steering and pedal each in \[-1, 1\]"),
        ([math.inf, 0.0], "must be finite"),
        (None, "must be real numbers"),
    ],
)
def test_everything_else_raises(action, words):
    with pytest.raises(ValueError, match=words):
        validate_action(action, NAMES)
