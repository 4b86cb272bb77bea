import numpy as np
import pytest

from av_td3.simulator.builtin.town import load_town
from av_td3.simulator.builtin.towns.opendrive import read_opendrive
from av_td3.simulator.builtin.towns.speed_limits import draw_speed_limits
from tests.simulator.builtin.road_documents import lane, road, section, width


def test_every_lane_has_the_limit_of_its_road():
    town = load_town("Ring01")
    for street in (r for r in read_opendrive(town.opendrive) if r.junction < 0):
        ((_, limit),) = street.speeds
        for s in np.arange(6.0, street.length - 6.0, 5.0):
            for one in (one for one in street.sections[0].lanes if one.kind == "driving"):
                x, y, _ = street.at(s, float(sum(street.edges(street.sections[0], np.float64(s))[one.id])) / 2)
                assert town.speed_limit_at(x, y) == limit, (street.id, s, one.id)


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


@pytest.mark.parametrize("order", [(50, 30), (30, 50)])
def test_where_roads_overlap_the_lowest_limit_applies(order):
    line = '<geometry s="0" x="0" y="0" hdg="0" length="20"><line/></geometry>'
    lanes = section(0, "", lane(-1, "driving", width(3.5)))
    kinds = [f'<type s="0" type="town"><speed max="{limit}" unit="km/h"/></type>' for limit in order]
    roads = [read_opendrive(road(line, 20, lanes, speed=kind))[0] for kind in kinds]
    limits = draw_speed_limits(roads, (-10.0, -10.0), (12, 22))
    assert limits[6, 10] == 30  # x 10 m, y 2 m
    assert limits[11, 10] == 0
