import math
import re

import numpy as np
import pytest

from av_td3.doctor.check import State
from av_td3.doctor.drive_check import LOOK_AHEAD, MAX_SPEED, TARGET_SPEED, Drive, check_drive, check_drives, judge, pure_pursuit
from av_td3.simulator.port_lease import is_free
from tests.carla_stand_in.launch import stand_in, starts

DELTA = 0.1


def vector(speed, angle):
    """What the driver sees with a waypoint at an angle in degrees, to the right."""
    radians = math.radians(angle)
    return np.array([speed / MAX_SPEED, math.cos(radians), math.sin(radians)], np.float32)


def test_pure_pursuit_steers_towards_the_waypoint_and_holds_the_speed():
    assert pure_pursuit(vector(TARGET_SPEED, 0.0)) == pytest.approx([0.0, 0.0], abs=1e-6)
    right, left = (pure_pursuit(vector(TARGET_SPEED, angle))[0] for angle in (20.0, -20.0))
    assert right > 0.0 > left
    curvature = 2.0 * math.sin(math.radians(20.0)) / LOOK_AHEAD  # of the arc to the waypoint
    assert math.tan(right * math.radians(35.0)) == pytest.approx(2.9 * curvature, rel=1e-4)
    assert pure_pursuit(vector(0.0, 0.0))[1] == 1.0
    assert pure_pursuit(vector(2.0 * TARGET_SPEED, 0.0))[1] == -1.0


@pytest.mark.parametrize("cars", [5, 0])
def test_the_car_drives_along_the_route_of_the_built_in_simulator(compose_config, cars):
    (found,) = check_drive(compose_config("hardware.threads=1"), cars, ticks=100)
    assert found.state is State.OK
    assert ("5 cars" if cars else "without traffic") in found.name
    assert found.numbers["distance_m"] > 40.0
    assert found.numbers["ticks_per_s"] > 10.0


def test_it_drives_whatever_the_agent_sees_and_does(compose_config):
    config = compose_config(
        "action=steer_pedal_rate_limited", "~observation.vector.waypoints", "observation.bound=1.0", "observation.color=rgb"
    )
    (found,) = check_drive(config, 0, ticks=60)
    assert found.state is State.OK


def test_a_simulator_that_cannot_be_used_is_a_problem_with_its_reason(compose_config):
    (found,) = check_drive(compose_config("scenario.spawn_point=9999"), 0)
    assert found.state is State.PROBLEM
    assert "scenario.spawn_point=9999" in found.text


@pytest.mark.parametrize("kind", ["dies_in_step", "hangs_in_tick"])
def test_a_carla_that_is_lost_is_a_problem_and_leaves_no_process(compose_config, tmp_path, kind):
    faulty = stand_in(tmp_path, {"kind": kind, "tick": 30})
    (found,) = check_drive(compose_config(*faulty), 0)
    assert found.state is State.PROBLEM
    assert "the simulator was lost" in found.text
    (started,) = starts(tmp_path)
    assert is_free(int(re.search(r"-carla-rpc-port=(\d+)", started)[1]))


def test_a_warning_of_the_server_is_given_once(compose_config, tmp_path, no_gpu):
    found = list(check_drives(compose_config(*stand_in(tmp_path), "simulator.graphics_adapter=auto")))
    assert [check.state for check in found] == [State.WARNING, State.OK, State.OK]
    assert "no GPU" in found[0].text


@pytest.fixture
def no_gpu(install):
    install("nvidia-smi", "No devices were found", code=6)


@pytest.fixture
def good():
    return {"start": 2.0, "seconds": 2.0, "ticks": 200, "distance": 130.0, "contrast": 40.0}


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({}, State.OK, "100 per second (10.0 times real time)"),
        ({"contrast": 0.0}, State.PROBLEM, "single colour"),
        ({"contrast": None}, State.OK, "100 per second"),  # without a camera
        ({"distance": 3.0}, State.WARNING, "hardly moves"),
        ({"seconds": 40.0}, State.WARNING, "slower than"),
    ],
)
def test_what_a_drive_says(good, change, state, words):
    (found,) = judge("drive", Drive(**good | change), DELTA)
    assert found.state is state
    assert words in found.text


def test_notes_of_the_simulator_are_warnings(good):
    note, drive = judge("drive", Drive(**good, notes=["the driver chooses the GPU"]), DELTA)
    assert (note.state, note.text, drive.state) == (State.WARNING, "the driver chooses the GPU", State.OK)
