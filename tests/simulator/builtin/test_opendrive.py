"""The reader agrees with the client's own parser, which runs in a process of its own, as it may abort on a wrong map."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from av_td3.simulator.builtin.opendrive import read_opendrive
from av_td3.simulator.builtin.town import PLANS, load_town

WAYPOINTS = """
import carla, json, sys
from av_td3.simulator.builtin.town import load_town
m = carla.Map("town", load_town(sys.argv[1]).opendrive)
rows = []
for first in m.generate_waypoints(2.0):
    for w in (first, first.get_left_lane(), first.get_right_lane()):
        if w is not None:
            p, r = w.transform.location, w.transform.rotation
            rows.append((w.road_id, w.section_id, w.lane_id, w.s, p.x, p.y, p.z, r.yaw, w.lane_width, str(w.lane_type).lower()))
print(json.dumps(rows))
"""


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_lane_lies_where_the_client_has_it(name):
    done = subprocess.run([sys.executable, "-c", WAYPOINTS, name], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    roads = {road.id: road for road in read_opendrive(load_town(name).opendrive)}
    waypoints = json.loads(done.stdout)
    assert {road for road, *_ in waypoints} == roads.keys()
    for road_id, section_id, lane_id, s, *seen, yaw, width, kind in waypoints:
        road = roads[road_id]
        section = road.sections[section_id]
        inner, outer = road.edges(section, np.array(s))[lane_id]
        x, y, heading = road.at(s, float(inner + outer) / 2.0)
        assert math.dist((x, y, road.elevation(np.array(s))), seen) < 0.01
        assert abs(outer - inner) == pytest.approx(width, abs=0.01)
        assert section.lane(lane_id).kind == kind
        ahead = math.degrees(heading) + (180.0 if lane_id > 0 else 0.0)
        assert abs((yaw - ahead + 180.0) % 360.0 - 180.0) < 2.0  # a lane that widens leads aside
