"""The reader agrees with the client's own parser, which runs in a process of its own, as it may abort on a wrong map."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from av_td3.simulator.builtin.town import PLANS, load_town
from av_td3.simulator.builtin.towns.opendrive import read_opendrive
from av_td3.simulator.builtin.towns.roads import Profile, Shape
from tests.simulator.builtin.road_documents import lane, road, section, straight, width

WAYPOINTS = """
import carla, json, sys
m = carla.Map("town", sys.stdin.read())
rows = []
for first in m.generate_waypoints(2.0):
    for w in (first, first.get_left_lane(), first.get_right_lane()):
        if w is not None:
            p, r = w.transform.location, w.transform.rotation
            rows.append((w.road_id, w.section_id, w.lane_id, w.s, p.x, p.y, p.z, r.yaw, w.lane_width, str(w.lane_type).lower()))
print(json.dumps(rows))
"""

VARYING = road(
    '<geometry s="0" x="5" y="-3" hdg="0.4" length="30"><line/></geometry>'
    f'<geometry s="30" x="{5 + 30 * math.cos(0.4)}" y="{-3 + 30 * math.sin(0.4)}" hdg="0.4" length="40">'
    '<spiral curvStart="0" curvEnd="-0.04"/></geometry>',
    70,
    section(0, lane(1, "driving", width(3.0, 0.02)), lane(-1, "driving", width(3.5)) + lane(-2, "sidewalk", width(2)))
    + section(
        40.0,
        lane(1, "driving", width(3.8)),
        lane(-1, "driving", width(3.5) + width(3.5, -0.01, 0.001, 10.0)) + lane(-2, "shoulder", width(1.0)),
    ),
    offset='<laneOffset s="0" a="0.5" b="0" c="0" d="0"/><laneOffset s="20" a="0.5" b="0.01" c="0" d="0"/>',
    elevation='<elevation s="0" a="1" b="0.02" c="0" d="0"/><elevation s="50" a="2" b="0.02" c="-0.001" d="0"/>',
)


def assert_agrees(document):
    done = subprocess.run([sys.executable, "-c", WAYPOINTS], input=document, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    roads = {road.id: road for road in read_opendrive(document)}
    waypoints = json.loads(done.stdout)
    assert {road for road, *_ in waypoints} == roads.keys()
    for road_id, section_id, lane_id, s, *seen, yaw, lane_width, kind in waypoints:
        there = roads[road_id]
        lanes = there.sections[section_id]
        inner, outer = there.edges(lanes, np.float64(s))[lane_id]
        x, y, heading = there.at(s, float(inner + outer) / 2.0)
        assert math.dist((x, y, there.elevation(np.float64(s))), seen) < 0.01
        assert abs(outer - inner) == pytest.approx(lane_width, abs=0.01)
        assert lanes.lane(lane_id).kind == kind
        ahead = math.degrees(heading) + (180.0 if lane_id > 0 else 0.0)
        assert abs((yaw - ahead + 180.0) % 360.0 - 180.0) < 3.0  # a lane that widens leads aside


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_lane_of_our_towns_lies_where_the_client_has_it(name):
    assert_agrees(load_town(name).opendrive)


def test_so_do_lanes_that_widen_and_move_over_several_sections():
    assert_agrees(VARYING)


def test_a_spiral_turns_as_its_curvature_says():
    x, y, heading = Shape(2.0, 1.0, 0.3, 50.0, 0.0, 0.06).at(50.0)
    s = np.linspace(0.0, 50.0, 100_001)
    headings = 0.3 + 0.0006 * s**2
    assert heading == pytest.approx(0.3 + 1.5)
    assert (x, y) == pytest.approx((2.0 + np.trapezoid(np.cos(headings), s), 1.0 + np.trapezoid(np.sin(headings), s)), abs=1e-6)


def test_positions_are_in_the_frame_of_carla():
    (there,) = read_opendrive(straight(10.0, section(0, "", lane(-1, "driving", width(3.5)))))
    assert there.at(4.0, 1.0) == (4.0, -1.0, 0.0)  # left of who drives along x, y points to the right


def test_profiles_have_values_and_slopes():
    profile = Profile([(0.0, 1.0, 2.0, 0.0, 0.0), (10.0, 21.0, 0.0, 0.5, 0.1)])
    np.testing.assert_allclose(profile(np.array([0.0, 5.0, 10.0, 12.0])), [1.0, 11.0, 21.0, 23.8])
    np.testing.assert_allclose(profile.slope(np.array([5.0, 12.0])), [2.0, 3.2])
    assert not profile.constant
    assert Profile([]).constant


@pytest.mark.parametrize(("speed", "unit"), [(50, "km/h"), (31.0686, "mph"), (13.8889, "m/s")])
def test_speeds_are_read_in_their_unit(speed, unit):
    kind = f'<type s="0" type="town"><speed max="{speed}" unit="{unit}"/></type>'
    line = '<geometry s="0" x="0" y="0" hdg="0" length="9"><line/></geometry>'
    (there,) = read_opendrive(road(line, 9, section(0, "", lane(-1, "driving", width(3))), speed=kind))
    assert there.speeds[0] == pytest.approx((0.0, 50.0), abs=1e-3)


def test_what_is_not_supported_is_named():
    line = '<geometry s="0" x="0" y="0" hdg="0" length="9"><paramPoly3/></geometry>'
    with pytest.raises(ValueError, match="the geometry <paramPoly3> is not supported; use line, arc or spiral"):
        read_opendrive(road(line, 9, section(0)))
    with pytest.raises(ValueError, match="<geometry> has no attribute hdg"):
        read_opendrive(road(line.replace('hdg="0"', "").replace("paramPoly3", "line"), 9, section(0)))
