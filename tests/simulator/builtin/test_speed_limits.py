import numpy as np

from av_td3.simulator.builtin.opendrive import read_opendrive
from av_td3.simulator.builtin.town import load_town


def test_every_lane_has_the_limit_of_its_road():
    town = load_town("Ring01")
    for road in (road for road in read_opendrive(town.opendrive) if road.junction < 0):
        ((_, limit),) = road.speeds
        for s in np.arange(6.0, road.length - 6.0, 5.0):
            for lane in (lane for lane in road.sections[0].lanes if lane.kind == "driving"):
                x, y, _ = road.at(s, float(sum(road.edges(road.sections[0], np.float64(s))[lane.id])) / 2)
                assert town.speed_limit_at(x, y) == limit, (road.id, s, lane.id)


def test_limits_differ_between_roads():
    town = load_town("Ring01")
    assert set(np.unique(town.ground.speed_limits).tolist()) == {0, 30, 40, 50, 70}
    assert town.ground.speed_limits.dtype == np.uint8
    assert town.ground.speed_limits.shape == town.ground.relief.shape


def test_away_from_roads_the_limit_is_that_of_the_town():
    town = load_town("Loop01")
    (x, y, _), _ = town.spawn_points[0]
    assert town.speed_limit_at(x, y) == 40.0
    assert town.speed_limit_at(1e5, 0.0) == town.speed_limit_at(town.ground.x0, town.ground.y0) == 40.0
