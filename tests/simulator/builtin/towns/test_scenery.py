import math
from itertools import pairwise

import pytest

from av_td3.simulator.builtin.geometry import penetration, rectangle
from av_td3.simulator.builtin.town import PLANS, load_town
from av_td3.simulator.builtin.towns.ground import Surface

ROAD = {Surface.ASPHALT, Surface.ASPHALT_DARK, Surface.WHITE_MARK}
TOWNS = pytest.mark.parametrize("name", sorted(PLANS))


def footprint(building):
    return rectangle(building.x, building.y, building.yaw, building.half_length, building.half_width)


@TOWNS
def test_buildings_stand_on_grass_and_apart(name):
    town = load_town(name)
    assert len(town.buildings) > 50
    for building in town.buildings:
        assert town.ground.is_grass(footprint(building))
        near = (b for b in town.buildings if b is not building and math.dist((b.x, b.y), (building.x, building.y)) < 30.0)
        assert all(penetration(footprint(building), footprint(other)) is None for other in near)


@TOWNS
def test_crowns_are_over_grass_and_touch_nothing(name):
    town = load_town(name)
    assert len(town.trees) > 50
    for tree in town.trees:
        box = rectangle(tree.x, tree.y, 0.0, tree.radius, tree.radius)
        assert town.ground.is_grass(box)
        assert all(math.dist((tree.x, tree.y), (lamp.x, lamp.y)) > tree.radius + 1.0 for lamp in town.lamps)
        assert 3.0 < tree.height < 12.0
        assert tree.radius < tree.height / 2
        for building in town.buildings:
            turned = math.radians(-building.yaw)
            dx, dy = tree.x - building.x, tree.y - building.y
            along, across = dx * math.cos(turned) - dy * math.sin(turned), dx * math.sin(turned) + dy * math.cos(turned)
            gap = math.hypot(max(0.0, abs(along) - building.half_length), max(0.0, abs(across) - building.half_width))
            assert gap > tree.radius


@TOWNS
def test_trees_keep_apart(name):
    trees = sorted(load_town(name).trees, key=lambda tree: tree.x)
    for a, b in pairwise(trees):
        assert math.dist((a.x, a.y), (b.x, b.y)) > a.radius + b.radius


@TOWNS
def test_lamps_stand_at_the_outer_edge_of_the_pavement_and_reach_over_the_road(name):
    town = load_town(name)
    assert len(town.lamps) > 40
    for lamp in town.lamps:
        arm = math.cos(math.radians(lamp.yaw)), math.sin(math.radians(lamp.yaw))
        assert town.ground.surface_at(lamp.x, lamp.y) == Surface.SIDEWALK
        assert town.ground.surface_at(lamp.x - 0.6 * arm[0], lamp.y - 0.6 * arm[1]) <= Surface.GRASS_DARK
        assert town.ground.surface_at(lamp.x + 2.5 * arm[0], lamp.y + 2.5 * arm[1]) in ROAD


def test_no_building_stands_on_the_island_of_a_roundabout():
    assert all(math.hypot(building.x, building.y) > 25.0 for building in load_town("Ring01").buildings)
