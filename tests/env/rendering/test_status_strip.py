import numpy as np
import pytest

from av_td3.config.action import Controls
from av_td3.env.rendering.painting import BAD, GOOD, NEUTRAL, ROUTE
from av_td3.env.rendering.status_strip import draw_strip, shown_terms, signed
from tests.env.rendering.scenes import centre_of, scene, share_of

STEER, PEDAL, TERMS, EPISODE = (
    (slice(0, 60), slice(140, 310)),
    (slice(60, 120), slice(140, 310)),
    slice(330, 610),
    slice(630, 840),
)


def strip(width=840, height=120, **changes):
    return draw_strip(scene(**changes), width, height)


def test_steer_is_a_bar_from_the_middle_to_its_side():
    left, right = (strip(controls=Controls(steer, 0.0))[STEER] for steer in (-0.5, 0.5))
    middle = 146 + 78 - 140
    assert centre_of(left, ROUTE)[0] == pytest.approx(middle - 19.5, abs=2.0)
    assert centre_of(right, ROUTE)[0] == pytest.approx(middle + 19.5, abs=2.0)


def test_throttle_is_green_and_brake_red():
    throttle, brake = (strip(controls=Controls(0.0, pedal))[PEDAL] for pedal in (0.8, -0.8))
    assert share_of(throttle, GOOD) > 0.05 > 0.001 > share_of(throttle, BAD)
    assert share_of(brake, BAD) > 0.05 > 0.001 > share_of(brake, GOOD)


def test_reward_terms_are_signed_bars():
    def shares(**terms):
        part = strip(reward=0.0, terms=terms)[:, TERMS]
        return share_of(part, GOOD), share_of(part, BAD)

    good, bad = shares(progress=0.8)
    assert good > 0.01 > bad
    good, bad = shares(progress=-0.8)
    assert bad > 0.01 > good
    assert shares(progress=0.8)[0] > 1.5 * shares(progress=0.4)[0]
    assert shares(progress=50.0) == pytest.approx(shares(progress=1.0), abs=0.01)  # a bar does not leave its frame


def test_terms_that_do_not_fit_are_summed_and_an_ending_that_counts_nothing_is_left_out():
    assert shown_terms({"a": 1.0, "ending": 0.0}) == {"a": 1.0}
    assert shown_terms({"a": 1.0, "ending": -10.0}) == {"a": 1.0, "ending": -10.0}
    many = {"a": 0.1, "b": -0.9, "c": 0.8, "d": 0.2, "e": 0.7, "f": 0.6}
    assert shown_terms(many) == {"b": -0.9, "c": 0.8, "e": 0.7, "f": 0.6, "2 others": pytest.approx(0.3)}


def test_numbers_have_a_sign_and_no_negative_zero():
    assert [signed(value) for value in (0.0, -0.001, 0.5, -10.0)] == ["+0.00", "+0.00", "+0.50", "-10.00"]


def test_progress_fills_its_bar():
    half, whole = (share_of(strip(travelled=m)[:, EPISODE], ROUTE) for m in (50.0, 100.0))
    assert half == pytest.approx(whole / 2.0, rel=0.1)
    assert share_of(strip(travelled=-3.0)[:, EPISODE], ROUTE) == 0.0
    assert share_of(strip(travelled=97.0, ending="goal", success=True)[:, EPISODE], ROUTE) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("ending", "color"),
    [
        ({"ending": "goal", "success": True}, GOOD),
        ({"ending": "time_limit", "truncated": True}, NEUTRAL),
        ({"ending": "collision"}, BAD),
    ],
)
def test_how_an_episode_ended_has_its_colour(ending, color):
    assert share_of(strip(**ending)[:, EPISODE], color) > 0.02
    assert share_of(strip()[:, EPISODE], color) < 0.001


@pytest.mark.parametrize(("width", "height"), [(280, 40), (840, 120), (2560, 366)])
def test_it_is_drawn_at_any_size(width, height):
    frame = strip(width, height, terms={"a_term_whose_name_is_far_too_long_for_its_row": 0.5}, reward=None)
    assert (frame.shape, frame.dtype) == ((height, width, 3), np.uint8)
    assert share_of(frame, ROUTE) == pytest.approx(share_of(strip(), ROUTE), rel=0.35)
