import subprocess
import sys

import numpy as np
import pytest

from av_td3.simulator.builtin.geometry import rectangle
from av_td3.simulator.builtin.town import PLANS, available_towns, load_town
from av_td3.simulator.builtin.towns.ground import RESOLUTION, Surface

# The client's own parser reads the map in a process of its own, as it may abort on a wrong one.
CHECK = """
import carla, sys
from av_td3.simulator.builtin.town import load_town
town = load_town(sys.argv[1])
m = carla.Map(sys.argv[1], town.opendrive)
waypoints = m.generate_waypoints(3.0)
assert all(w.next(3.0) for w in waypoints), "a lane that ends"
for (x, y, z), (pitch, yaw, roll) in town.spawn_points:
    w = m.get_waypoint(carla.Location(x, y, z), project_to_road=False)
    assert w is not None and w.transform.location.distance(carla.Location(x, y, z - 0.3)) < 0.3, (x, y)
    assert abs((w.transform.rotation.yaw - yaw + 180) % 360 - 180) < 1.0, (w.transform.rotation.yaw, yaw)
    assert abs((w.transform.rotation.pitch - pitch + 180) % 360 - 180) < 0.5, (w.transform.rotation.pitch, pitch)
topology = m.get_topology()
ahead = [n for w, _ in topology for n in w.next_until_lane_end(2.0)[-1:]]
print(len({w.road_id for w in waypoints}), max([len(w.next(2.0)) for w in ahead] + [0]))
print(sum(w.transform.location.distance(w.next(1.0)[0].transform.location) for w in m.generate_waypoints(1.0)))
"""


@pytest.mark.parametrize("name", sorted(PLANS))
def test_the_client_reads_the_map_and_every_lane_leads_on(name):
    done = subprocess.run([sys.executable, "-c", CHECK, name], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (roads, branches), (lane_metres,) = (line.split() for line in done.stdout.splitlines())
    if name == "Suburb01":
        assert int(branches) == 3  # a cross: left, straight on, right
        assert int(roads) > 50
        assert float(lane_metres) > 2 * 3000  # two lanes of three kilometres


def test_towns_are_listed_as_carla_lists_them():
    assert available_towns() == [f"/Game/Carla/Maps/{name}" for name in ("Suburb01", "Loop01", "Ring01")]


def test_an_unknown_town_raises():
    with pytest.raises(KeyError):
        load_town("Nowhere")


@pytest.mark.parametrize("name", sorted(PLANS))
def test_the_ground_shows_road_where_the_map_has_it(name):
    town = load_town(name)
    for (x, y, _), _ in town.spawn_points:
        column, row = int((x - town.ground.x0) / RESOLUTION), int((y - town.ground.y0) / RESOLUTION)
        assert town.ground.labels[row, column] in (Surface.ASPHALT, Surface.ASPHALT_DARK)


def test_buildings_stand_on_grass():
    town = load_town("Suburb01")
    assert len(town.buildings) > 100
    for b in town.buildings:
        assert town.ground.is_grass(rectangle(b.x, b.y, b.yaw, b.half_length, b.half_width))


def test_the_same_town_is_built_every_time():
    first = load_town("Loop01")
    load_town.cache_clear()
    second = load_town("Loop01")
    assert first.opendrive == second.opendrive
    assert first.buildings == second.buildings
    assert np.array_equal(first.ground.labels, second.ground.labels)
