import pytest

from av_td3.simulator.builtin.geometry import attach, penetration, rectangle, wrap_degrees

AHEAD_RIGHT_ABOVE = [2.0, 1.0, 3.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("parent", "where"),
    [
        ([10.0, 20.0, 0.0, 0.0, 0.0, 0.0], [12.0, 21.0, 3.0]),
        ([10.0, 20.0, 0.0, 0.0, 90.0, 0.0], [9.0, 22.0, 3.0]),  # facing y, its right is -x
        ([10.0, 20.0, 0.0, 0.0, 180.0, 0.0], [8.0, 19.0, 3.0]),
        ([10.0, 20.0, 0.0, 90.0, 0.0, 0.0], [7.0, 21.0, 2.0]),  # facing the sky, its top is -x
    ],
)
def test_what_is_attached_lies_ahead_to_the_right_and_above(parent, where):
    assert attach(parent, AHEAD_RIGHT_ABOVE)[:3] == pytest.approx(where)


def test_turns_add_up():
    child = attach([0.0, 0.0, 0.0, 0.0, 170.0, 0.0], [0.0, 0.0, 0.0, -10.0, 30.0, 0.0])
    assert child[3:] == pytest.approx([-10.0, -160.0, 0.0])


def test_rectangles_are_parted_by_the_shortest_way_from_the_second_to_the_first():
    still = rectangle(0.0, 0.0, 0.0, 2.0, 1.0)
    assert penetration(rectangle(3.5, 0.5, 0.0, 2.0, 1.0), still) == pytest.approx((0.5, 1.0, 0.0))
    assert penetration(rectangle(-0.5, -1.75, 180.0, 2.0, 1.0), still) == pytest.approx((0.25, 0.0, -1.0))
    assert penetration(rectangle(4.1, 0.0, 0.0, 2.0, 1.0), still) is None
    assert penetration(rectangle(0.0, 2.9, 90.0, 2.0, 1.0), still) == pytest.approx((0.1, 0.0, 1.0))


def test_angles_are_wrapped():
    assert [wrap_degrees(angle) for angle in (179.0, 180.0, 181.0, -541.0)] == [179.0, -180.0, -179.0, 179.0]
