import numpy as np
import pytest

from av_td3.simulator.builtin.town import load_town
from av_td3.simulator.builtin.towns.heights import height_at
from av_td3.simulator.builtin.towns.opendrive import read_opendrive

GRID = np.array([[0.0, 1.0, 4.0], [2.0, 3.0, 8.0]], np.float32)  # 2 m apart


@pytest.mark.parametrize(
    ("x", "y", "height"),
    [(0.0, 0.0, 0.0), (2.0, 0.0, 1.0), (4.0, 2.0, 8.0), (1.0, 0.0, 0.5), (1.0, 1.0, 1.5), (3.5, 1.5, 5.875)],
)
def test_heights_are_bilinear_between_the_points_of_the_grid(x, y, height):
    assert height_at(GRID, x, y) == pytest.approx(height, abs=0.01)


def test_beyond_the_border_the_height_is_that_at_it():
    assert height_at(GRID, -50.0, 0.0) == 0.0
    assert height_at(GRID, 1e7, 1e7) == pytest.approx(8.0, abs=0.01)


def test_roads_lie_on_the_ground_over_their_whole_width():
    town = load_town("Ring01")
    ground = town.ground
    for road in read_opendrive(town.opendrive):
        s = np.arange(0.0, road.length, 3.0)
        for _, outer in road.edges(road.sections[0], s).values():
            for at, t in zip(s.tolist(), outer.tolist(), strict=True):
                x, y, _ = road.at(at, t)
                height = float(road.elevation(np.float64(at)))
                assert height_at(ground.relief, x - ground.x0, y - ground.y0) == pytest.approx(height, abs=0.02)
    steps = [np.abs(np.diff(ground.relief, axis=axis)).max() for axis in (0, 1)]
    assert max(steps) < 0.4  # in 2 m: no cliffs between the roads either


def test_level_towns_have_no_relief():
    assert load_town("Loop01").ground.relief is None
