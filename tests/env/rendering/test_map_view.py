"""What is where on the map. It is 360 pixels wide for 80 m, with the car at column 180, row 252."""

import math

import numpy as np
import pytest

from av_td3.env.rendering.map_view import DRIVEN, OTHER_CAR, ROAD, Projection, color_of_reward, draw_map
from av_td3.env.rendering.painting import BAD, GOOD, NEUTRAL, OWN_CAR, ROUTE
from av_td3.env.rendering.scene import LaneMap
from tests.env.rendering.scenes import STRAIGHT, centre_of, scene, share_of

WIDTH, HEIGHT, SPAN = 360, 360, 80.0
SCALE = WIDTH / SPAN  # pixels in one metre


def drawn(**changes):
    return draw_map(scene(**changes), WIDTH, HEIGHT, SPAN)


@pytest.mark.parametrize("yaw", [0.0, 90.0, -135.0])
def test_ahead_is_up_and_right_is_right_whichever_way_the_car_faces(yaw):
    heading = math.radians(yaw)
    project = Projection((7.0, -3.0, heading), WIDTH, HEIGHT, SPAN)
    ahead, right = np.array([math.cos(heading), math.sin(heading)]), np.array([-math.sin(heading), math.cos(heading)])
    start = np.array([7.0, -3.0])
    np.testing.assert_allclose(project(np.array([start, start + 10.0 * ahead, start + 10.0 * right])),
                               [[180.0, 252.0], [180.0, 252.0 - 45.0], [225.0, 252.0]], atol=1e-9)  # fmt: skip


def test_the_car_is_in_its_place_and_faces_up():
    assert centre_of(drawn(), OWN_CAR) == pytest.approx((180.0, 252.0), abs=2.5)
    rows, columns = np.nonzero(np.abs(drawn().astype(int) - OWN_CAR).max(axis=2) <= 12)
    assert np.ptp(rows) > 1.8 * np.ptp(columns)


def test_another_car_is_where_it_is():
    other = np.array([[30.0, 5.0, 0.5, 0.0, 0.0, 2.3, 1.0]])  # 10 m ahead, 5 m to the right
    upper = slice(0, 300)  # without the scale
    assert centre_of(drawn(others=other)[upper], OTHER_CAR) == pytest.approx(
        (180.0 + 5.0 * SCALE, 252.0 - 10.0 * SCALE), abs=2.5
    )
    assert share_of(drawn()[upper], OTHER_CAR) < 0.1 * share_of(drawn(others=other)[upper], OTHER_CAR)


def test_the_route_ahead_is_highlighted_and_differs_from_what_was_driven():
    frame = drawn(trail=np.array([[20.0, 0.0, 0.0]]))
    assert tuple(frame[100, 180]) == ROUTE
    assert tuple(frame[340, 180]) == DRIVEN


def test_the_goal_is_at_the_end_of_the_route():
    frame = drawn(pose=(70.0, 0.0, 0.0), travelled=70.0)
    row = round(252.0 - 30.0 * SCALE)
    assert tuple(frame[row, 180 + 8]) == (236, 239, 244)  # its ring
    assert tuple(frame[row - 20, 180]) == (39, 48, 45)  # nothing beyond it


def test_lanes_have_their_width_and_only_those_nearby_are_looked_up():
    frame = drawn()
    assert tuple(frame[100, round(180 + 1.2 * SCALE)]) == ROAD
    assert tuple(frame[100, round(180 + 3.0 * SCALE)]) == (39, 48, 45)
    lanes = LaneMap([STRAIGHT, STRAIGHT + 500.0])
    assert [lane[0, 0] for lane in lanes.near(20.0, 10.0, 30.0)] == [0.0]
    assert lanes.near(300.0, 300.0, 50.0) == []
    assert LaneMap([]).near(0.0, 0.0, 1e6) == []


@pytest.mark.parametrize(("reward", "color"), [(-1.0, BAD), (-20.0, BAD), (0.0, NEUTRAL), (1.0, GOOD), (9.0, GOOD)])
def test_the_trail_has_the_colour_of_the_reward(reward, color):
    assert color_of_reward(reward) == color
    frame = drawn(trail=np.array([[0.0, 0.0, 0.0], [20.0, 0.0, reward]]))
    assert tuple(frame[340, 180]) == color


def test_a_route_far_longer_than_the_map_and_a_car_far_away_are_drawn():
    far = np.array([[1e6, -1e6, 0.0, 0.0, 0.0, 2.3, 1.0]])
    assert np.array_equal(drawn(others=far), drawn())
