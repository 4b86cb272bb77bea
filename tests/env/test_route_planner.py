import hashlib
import math

import carla
import numpy as np
import pytest

from av_td3.env.route_planner import RoutePlanner, lane_key
from av_td3.simulator.builtin.town import load_town


@pytest.mark.parametrize(("town", "length"), [("Suburb01", 200.0), ("Suburb01", 600.0), ("Loop01", 200.0), ("Ring01", 600.0)])
def test_routes_have_the_chosen_length_and_stay_in_their_lanes(town, length):
    built = load_town(town)
    carla_map = carla.Map(town, built.opendrive)
    planner, rng = RoutePlanner(carla_map), np.random.default_rng(0)
    goals = set()
    for (x, y, z), _ in built.spawn_points[::9]:
        start = carla_map.get_waypoint(carla.Location(x, y, z))
        route = planner.plan(start, length, rng)
        assert length <= route.length < length + 6.0
        np.testing.assert_allclose(route.points[0], [start.transform.location.x, start.transform.location.y], atol=0.01)
        steps = np.diff(route.points, axis=0)
        assert np.hypot(*steps.T).max() < 6.0, "the line jumps"
        turns = np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))
        assert np.abs(turns).max() < math.radians(45.0)
        for px, py in route.points[::5]:
            lane = carla_map.get_waypoint(carla.Location(px, py, 0.0)).transform.location
            assert math.dist((lane.x, lane.y), (px, py)) < 0.5
        goals.add(tuple(np.round(route.points[-1])))
    assert len(goals) > 3


def test_on_a_small_map_the_route_is_as_long_as_possible():
    built = load_town("Loop01")
    carla_map = carla.Map("Loop01", built.opendrive)
    (x, y, z), _ = built.spawn_points[0]
    route = RoutePlanner(carla_map).plan(carla_map.get_waypoint(carla.Location(x, y, z)), 5000.0, np.random.default_rng(0))
    assert 400.0 < route.length < 800.0


def test_a_planner_knows_the_lanes_of_the_whole_town():
    built = load_town("Loop01")
    carla_map = carla.Map("Loop01", built.opendrive)
    lanes = RoutePlanner(carla_map).lanes
    assert len(lanes) == len(carla_map.get_topology())
    for lane in lanes:
        assert lane.shape[1] == 2
        assert np.hypot(*np.diff(lane, axis=0).T).max() < 6.0
        x, y = lane[len(lane) // 2]
        waypoint = carla_map.get_waypoint(carla.Location(x, y, 0.0))
        assert waypoint.transform.location.distance(carla.Location(x, y, 0.0)) < 0.1


@pytest.fixture(scope="module", params=["Loop01", "Suburb01", "Ring01"])
def town_map(request, server_config):
    """A town's map as the client gets it from the server."""
    client = carla.Client(server_config.host, server_config.port)
    client.set_timeout(20.0)
    return client.load_world(request.param).get_map()


def test_a_route_leads_on_from_everywhere(town_map):
    planner, rng = RoutePlanner(town_map), np.random.default_rng(0)
    starts = [town_map.get_waypoint(point.location) for point in town_map.get_spawn_points()]
    everywhere = town_map.generate_waypoints(0.25)
    chosen = rng.choice(len(everywhere), 2000, replace=False)
    starts += [everywhere[i] for i in chosen]
    starts += [town_map.get_waypoint(somewhere_near(everywhere[i].transform.location, rng)) for i in chosen[:500]]
    assert sum(not client_walks(start) for start in starts) > 5  # places that the client's own walk fails at
    for start in starts:
        route = planner.plan(start, 200.0, rng)
        assert 199.99 <= route.length < 206.0
        assert np.isfinite(route.points).all()


def somewhere_near(location, rng):
    return carla.Location(location.x + rng.uniform(-3, 3), location.y + rng.uniform(-3, 3), location.z)


def client_walks(waypoint):
    try:
        return waypoint.next_until_lane_end(2.0)
    except RuntimeError:
        return []


def test_lanes_are_walked_as_the_client_walks_them(town_map):
    entries = {lane_key(entry): entry for entry, _ in town_map.get_topology()}
    lanes, compared = RoutePlanner(town_map).lanes, 0
    for entry, lane in zip(entries.values(), lanes, strict=True):
        walked = client_walks(entry)
        if walked:
            assert [(w.transform.location.x, w.transform.location.y) for w in [entry, *walked]] == list(map(tuple, lane))
            compared += 1
    assert compared > 0.9 * len(lanes)


@pytest.mark.parametrize(
    ("town", "without", "digest"), [("Loop01", (16,), "c880786a00b595cf"), ("Suburb01", (), "19bc6e5edea60284")]
)
def test_routes_do_not_change_between_versions(town, without, digest):
    """Episodes of earlier runs stay reproducible. From the spawn point left out, earlier versions found no route."""
    built = load_town(town)
    carla_map = carla.Map(town, built.opendrive)
    planner, points = RoutePlanner(carla_map), hashlib.sha256()
    for number, ((x, y, z), _) in enumerate(built.spawn_points):
        if number not in without:
            start = carla_map.get_waypoint(carla.Location(x, y, z))
            points.update(planner.plan(start, 600.0, np.random.default_rng(number)).points.tobytes())
    assert points.hexdigest()[:16] == digest


def road(number, length, x, *, before=None, after=None, sections=(0.0,), curvature="0.001"):
    """A two-lane road of OpenDRIVE that begins at ``x`` and bends, between its neighbours."""
    links = f'<predecessor elementType="road" elementId="{before}" contactPoint="end"/>' if before else ""
    links += f'<successor elementType="road" elementId="{after}" contactPoint="start"/>' if after else ""
    parts = ""
    for i, s in enumerate(sections):
        link = '<predecessor id="-1"/>' if before or i > 0 else ""
        link += '<successor id="-1"/>' if after or i < len(sections) - 1 else ""
        width = '<width sOffset="0" a="3.5" b="0" c="0" d="0"/>'
        parts += f"""<laneSection s="{s}"><center><lane id="0" type="none" level="false"/></center>
            <right><lane id="-1" type="driving" level="false"><link>{link}</link>{width}</lane></right></laneSection>"""
    geometry = f'<geometry s="0" x="{x}" y="0" hdg="0" length="{length}"><arc curvature="{curvature}"/></geometry>'
    return f"""<road name="" length="{length}" id="{number}" junction="-1"><link>{links}</link><type s="0" type="town"/>
        <planView>{geometry}</planView><elevationProfile/><lateralProfile/><lanes>{parts}</lanes></road>"""


def map_of(*roads):
    header = '<header revMajor="1" revMinor="4" name="" version="1" date="" north="0" south="0" east="0" west="0"/>'
    return carla.Map("map", f'<?xml version="1.0"?><OpenDRIVE>{header}{"".join(roads)}</OpenDRIVE>')


def test_a_dead_end_is_driven_to_its_end():
    dead_end = map_of(road(1, 30.1, 0.0))
    planner, rng = RoutePlanner(dead_end), np.random.default_rng(0)
    for s in (20.0, 5.0):
        assert planner.plan(dead_end.get_waypoint_xodr(1, -1, s), 200.0, rng).length == pytest.approx(30.1 - s, abs=0.2)
    with pytest.raises(match=r"no route from road 1, lane -1, s=30\.1 m, at \(30\.1, 1\..*: the road ends there"):
        planner.plan(dead_end.get_waypoint_xodr(1, -1, 30.09), 200.0, rng)


def test_sections_of_a_lane_are_driven_through():
    cut = map_of(road(1, 30.1, 0.0, after=2, sections=(0.0, 11.3, 11.5, 20.7)), road(2, 40.0, 30.1, before=1))
    planner, rng = RoutePlanner(cut), np.random.default_rng(0)
    starts = [start for start in cut.generate_waypoints(0.37) if start.road_id == 1]
    assert {start.section_id for start in starts} == {0, 1, 2, 3}
    for start in starts:
        assert planner.plan(start, 25.0, rng).length == pytest.approx(25.0, abs=2.1)


def test_a_lane_with_non_finite_points_is_left_out():
    broken = map_of(
        road(1, 30.0, 0.0, after=2), road(2, 20.0, 30.0, before=1, after=3, curvature="nan"), road(3, 20.0, 50.0, before=2)
    )
    planner, rng = RoutePlanner(broken), np.random.default_rng(0)
    assert all(np.isfinite(lane).all() for lane in planner.lanes)
    assert planner.plan(broken.get_waypoint_xodr(1, -1, 3.0), 200.0, rng).length == pytest.approx(27.0, abs=0.2)
    with pytest.raises(match="no route from road 2"):
        planner.plan(broken.get_waypoint_xodr(2, -1, 3.0), 200.0, rng)
