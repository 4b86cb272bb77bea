import pytest

from tests.env.states import state


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_the_line_is_crossed_by_a_side_of_the_car_and_the_lane_left_by_its_centre(side):
    """The lane is 3.5 m wide, the car 1.8 m."""
    seen = [(state(lateral=side * off).over_the_line, state(lateral=side * off).in_lane) for off in (0.8, 0.9, 1.7, 1.8)]
    assert seen == [(False, True), (True, True), (True, True), (True, False)]


def test_there_is_no_line_in_a_junction():
    assert not state(lateral=3.0, in_junction=True).over_the_line
