import math

import numpy as np
import pytest

from av_td3.env.route import Route


def straight():
    return Route(np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0], [20.0, 20.0]]), 3.5)


def test_a_place_beside_the_line():
    place = straight().locate(5.0, 1.0, math.radians(10.0), near=4.0)
    assert place.travelled == pytest.approx(5.0)
    assert place.lateral == pytest.approx(1.0)  # to the right: y points right of x
    assert place.heading_error == pytest.approx(math.radians(10.0))
    assert straight().locate(5.0, -1.0, 0.0, near=4.0).lateral == pytest.approx(-1.0)


def test_headings_wrap_around():
    place = straight().locate(20.0, 10.0, math.radians(-179.0), near=29.0)
    assert place.heading_error == pytest.approx(math.radians(91.0))


def test_a_crossing_later_on_does_not_attract_the_car():
    loop = Route(np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 30.0], [20.0, 30.0], [20.0, -10.0]]), 3.5)
    assert loop.locate(20.0, 0.0, 0.0, near=19.0).travelled == pytest.approx(20.0)
    assert loop.locate(20.0, 0.0, 0.0, near=119.0).travelled == pytest.approx(120.0)


def test_points_ahead_go_straight_on_beyond_the_goal():
    ahead = straight().ahead(35.0, np.array([0.0, 5.0, 15.0]))
    np.testing.assert_allclose(ahead, [[20.0, 15.0], [20.0, 20.0], [20.0, 30.0]])
