"""Valid and invalid RPC calls."""

import copy
import math
import subprocess
import sys

import msgpack
import pytest

from av_td3.simulator.builtin.rpc import CALLS
from av_td3.simulator.builtin.vehicles.physics_control import PhysicsControl
from av_td3.simulator.builtin.vehicles.vehicle import VEHICLES
from tests.simulator.builtin.raw_client import RawClient

NAN, INF = math.nan, math.inf
JUNK = [
    None,
    [],
    {},
    "",
    "Nowhere",
    b"\xff",
    NAN,
    INF,
    -INF,
    1e308,
    1e20,
    2**40,
    2**63,
    -1,
    0.5,
    True,
    [1, 2],
    [None],
    [[[]]] * 20,
]
CAR, POSE = "vehicle.tesla.model3", [-900.0, -900.0, 0.0, 0.0, 0.0, 0.0]
CONTROL = [0.5, 0.0, 0.0, False, False, False, 1]
WEATHER = [5.0, 0.0, 0.0, 10.0, -1.0, 45.0, 2.0, 0.75, 0.1, 0.0, 1.0, 0.03, 0.0331, 0.0]
SETTINGS = [False, False, [True, 0.05], True, 0.01, 10, 0.0, False, 3000.0, 2000.0, True]
VECTOR, TRANSFORM, COLOR = [1.0, 2.0, 0.5], [[-850.0, -850.0, 0.0], [0.0, 0.0, 0.0]], [["color", 5, "1,2,3"]]
DESCRIPTION = [1, "sensor.camera.rgb", [["image_size_x", 2, "64"], ["sensor_tick", 3, "0.0"], ["gamma", 3, "2.2"]]]
AT_ONCE = [[2, [0, CONTROL]]]


PHYSICS = list(PhysicsControl.of(VEHICLES[CAR]))


def good_arguments(car):
    """Arguments with which each call works."""
    return {
        "get_sensor_token": [1],
        "set_episode_settings": [SETTINGS],
        "get_required_files": ["TM"],
        "request_file": ["x"],
        "load_new_episode": ["Loop01", False, 65535],
        "set_weather_parameters": [WEATHER],
        "get_actors_by_id": [[car, 1]],
        "spawn_actor": [[1, CAR, COLOR], TRANSFORM],
        "spawn_actor_with_parent": [DESCRIPTION, TRANSFORM, car, 0, ""],
        "destroy_actor": [4000],
        "get_actor_bounding_box": [car],
        "set_actor_transform": [car, TRANSFORM],
        "set_actor_location": [car, VECTOR],
        "set_actor_target_velocity": [car, VECTOR],
        "set_actor_target_angular_velocity": [car, VECTOR],
        "enable_actor_constant_velocity": [car, VECTOR],
        "disable_actor_constant_velocity": [car],
        "set_actor_simulate_physics": [car, True],
        "set_actor_autopilot": [car, True],
        "apply_control_to_vehicle": [car, CONTROL],
        "apply_ackermann_control_to_vehicle": [car, [0.1, 0.0, 8.0, 0.0, 0.0]],
        "get_ackermann_controller_settings": [car],
        "apply_ackermann_controller_settings": [car, [0.15, 0.0, 0.25, 0.01, 0.0, 0.01]],
        "add_actor_impulse": [car, VECTOR],
        "add_actor_force": [car, VECTOR],
        "add_actor_angular_impulse": [car, VECTOR],
        "add_actor_torque": [car, VECTOR],
        "set_actor_collisions": [car, True],
        "get_physics_control": [car],
        "apply_physics_control": [car, PHYSICS],
        "get_wheel_steer_angle": [car, 0],
        "get_vehicle_light_state": [car],
        "set_vehicle_light_state": [car, [1]],
        "is_traffic_manager_running": [8000],
        "get_traffic_manager_running": [8000],
        "add_traffic_manager_running": [["127.0.0.1", 8000]],
        "destroy_traffic_manager": [8000],
        "freeze_all_traffic_lights": [True],
        "query_lights_state": ["x"],
        "update_lights_state": ["x", [], False],
        "get_all_level_BBs": [0],
        "get_environment_objects": [0],
        "draw_debug_shape": [[[0, [VECTOR, 0.1]], [1, 2, 3], 1.0, False]],
        "project_point": [VECTOR, [0.0, 0.0, -1.0], 10.0],
        "cast_ray": [VECTOR, [0.0, 0.0, -1.0]],
        "apply_batch": [
            [
                [[0, [[1, CAR, COLOR], TRANSFORM, [False], 216, "", [AT_ONCE]]]],
                [[1, [4000]]],
                [[2, [car, CONTROL]]],
                [[6, [car, TRANSFORM]]],
                [[3, [car, [0.0, 0.0, 8.0, 0.0, 0.0]]]],
                [[5, [car, PHYSICS]]],
                [[8, [car, VECTOR]]],
                [[9, [car, VECTOR]]],
                *([[kind, [car, VECTOR]]] for kind in (10, 11, 12, 13)),
                [[14, [car, True]]],
                [[16, [car, True]]],
                [[18, [car, 3]]],
                [[19, [car, VECTOR]]],
            ],
            False,
        ],
    }


def spoiled(value):
    """The value with one part of it, at every depth, replaced by junk, left out, or doubled."""
    yield from JUNK
    if isinstance(value, list):
        for i in range(len(value)):
            yield value[:i] + value[i + 1 :]
            yield value[: i + 1] + value[i:]
            for part in spoiled(value[i]):
                yield [*value[:i], part, *value[i + 1 :]]


DRIVE = """
import carla, queue, sys
client = carla.Client("127.0.0.1", int(sys.argv[1])); client.set_timeout(5.0)
world = client.get_world()
settings = world.get_settings()
settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
world.apply_settings(settings)
library = world.get_blueprint_library()
car = world.spawn_actor(library.find("vehicle.audi.tt"), carla.Transform(carla.Location(x=-700, y=-700)))
images = queue.Queue()
camera = world.spawn_actor(library.find("sensor.camera.rgb"), carla.Transform(carla.Location(z=1.6)), attach_to=car)
camera.listen(images.put)
world.tick()
car.apply_control(carla.VehicleControl(throttle=1.0))
for _ in range(20):
    frame = world.tick()
    while images.get(timeout=5.0).frame < frame:
        pass
print("speed", car.get_velocity().length(), flush=True)
camera.stop()
camera.destroy()
car.destroy()
world.tick()
"""


@pytest.mark.parametrize("synchronous", [False, True])
def test_the_server_survives_any_arguments(own_server, synchronous):
    port, log = own_server
    with RawClient(port) as client:
        car, _ = client.spawn(CAR, POSE)
        _, stream = client.spawn("sensor.camera.rgb", [1.5, 0.0, 1.6, 0.0, 0.0, 0.0], [("image_size_x", "64")], car)
        listener = client.listen(stream)
        good = good_arguments(car)
        assert set(good) == {name for name, call in CALLS.items() if call.arguments}
        for method, call in sorted(CALLS.items(), key=lambda item: item[0] == "load_new_episode"):  # after it there is no car
            if synchronous:
                client.synchronous()
            arguments = good.get(method, [])
            calls = [[], *([junk] * n for junk in JUNK for n in range(1, len(call.arguments) + 3)), *spoiled(arguments)]
            for i in range(0, len(calls), 500):
                sent = [client.send(method, *copy.deepcopy(a)) for a in calls[i : i + 500] if isinstance(a, list)]
                for number in sent:
                    kind, answered, error, result = client.receive()
                    assert (kind, answered) == (1, number)
                    assert (result is None) == (error is not None)
            client.result("tick_cue")
            client.synchronous() if synchronous else client.result("set_episode_settings", SETTINGS)
            _, _, error, result = client.reply(method, *arguments)
            assert error is None
            assert "must be" not in str(result)  # valid arguments still work
        assert client.result("version") == "0.9.16"
        listener.close()
    done = subprocess.run([sys.executable, "-c", DRIVE, str(port)], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("speed "), done.stderr
    assert float(done.stdout.split()[1]) > 3.0
    text = log.read_text()
    assert "Traceback" not in text
    assert "failed" not in text  # every fault was found before the call ran
    assert "removed actor" not in text


@pytest.mark.parametrize(
    ("method", "arguments", "named"),
    [
        ("set_actor_transform", ["CAR", [[0, 0, 0], [0, INF, 0]]], ["transform.rotation.yaw", "from -1e+06 to 1e+06", "inf"]),
        ("set_actor_target_velocity", ["CAR", [1e20, 0, 0]], ["velocity.x", "from -10000 to 10000", "1e+20"]),
        ("set_actor_target_velocity", ["CAR", [1.0, 2.0]], ["velocity", "[x, y, z]", "[1.0, 2.0]"]),
        ("enable_actor_constant_velocity", ["CAR", [NAN, 0, 0]], ["velocity.x", "nan"]),
        ("set_actor_target_angular_velocity", ["CAR", [0, 0, NAN]], ["velocity.z", "nan"]),
        ("set_episode_settings", [[*SETTINGS[:2], [True, 1e9], *SETTINGS[3:]]], ["fixed_delta_seconds", "0.0001 to 10"]),
        ("set_episode_settings", [[None]], ["settings", "synchronous_mode", "[None]"]),
        ("set_weather_parameters", [[]], ["weather", "cloudiness", "[]"]),
        ("apply_control_to_vehicle", ["CAR", [*CONTROL[:6], 2**40]], ["control.gear", "whole number", str(2**40)]),
        ("destroy_actor", [-1], ["actor_id", "from 0 to 4294967295", "-1"]),
        ("tick_cue", [1], ["takes 0 arguments", "not 1"]),
        ("set_actor_autopilot", ["CAR"], ["takes 2 arguments (actor_id, enabled)", "not 1"]),
    ],
)
def test_a_rejected_call_names_the_argument_and_what_is_allowed_and_changes_nothing(shared_server, method, arguments, named):
    with RawClient(shared_server) as client:
        client.synchronous()
        client.error("load_new_episode", "", False)
        car, _ = client.spawn(CAR, POSE)
        before = [client.result(get) for get in ("get_episode_settings", "get_weather_parameters")]
        error = client.error(method, *(car if a == "CAR" else a for a in arguments))
        assert error.startswith(f"{method}: "), error
        for words in named:
            assert words in error
        assert before == [client.result(get) for get in ("get_episode_settings", "get_weather_parameters")]


def test_a_rejected_command_of_a_batch_has_its_own_error_and_the_others_run(shared_server):
    with RawClient(shared_server) as client:
        client.synchronous()
        client.error("load_new_episode", "", False)
        car, _ = client.spawn(CAR, POSE)
        spawn = [[0, [[1, CAR, []], TRANSFORM, [False], 216, "", [[[8, [0, [NAN, 0, 0]]]]]]]]
        batch = [[[8, [car, [NAN, 0, 0]]]], [[18, [car, 7]]], [[4, [car, VECTOR]]], spawn, "nonsense"]
        _, _, error, replies = client.reply("apply_batch", batch, False)
        assert error is None
        assert replies[1] == [[1, car]]
        texts = [reply[0][1][0] for reply in (replies[0], *replies[2:])]
        assert "command 0 ApplyTargetVelocity.velocity.x must be a number" in texts[0]
        assert "command 2 is command 4, which this server does not support" in texts[1]
        assert "command 3 SpawnActor.do_after.0.ApplyTargetVelocity.velocity.x" in texts[2]
        assert "command 4 must be a command [[kind, arguments]]" in texts[3]
        assert client.result("get_vehicle_light_state", car) == [7]
        assert client.result("spawn_actor", [1, CAR, []], TRANSFORM)[0] == car + 1  # the rejected spawn took no id and no space


def test_one_way_calls_that_are_rejected_are_logged_once(own_server):
    port, log = own_server
    with RawClient(port) as client:
        for _ in range(1000):
            client.send("set_actor_target_velocity", 1, [NAN, 0, 0], one_way=True)
        client.socket.sendall(msgpack.packb([2, "set_weather_parameters", [[True], []]]))  # a notification: no reply
        for _ in range(1000):
            client.receive()
        assert client.result("version") == "0.9.16"
    lines = log.read_text().splitlines()
    assert len(lines) == 2
    assert "set_actor_target_velocity: velocity.x must be" in lines[0]
    assert "set_weather_parameters: weather must be" in lines[1]


@pytest.mark.parametrize("value", ["nan", "many", "-1,0,0"])
@pytest.mark.parametrize(
    ("type_id", "name"), [("sensor.camera.rgb", "sensor_tick"), ("sensor.camera.rgb", "fov"), (CAR, "color")]
)
def test_an_invalid_blueprint_attribute_is_rejected_by_name(shared_server, type_id, name, value):
    with RawClient(shared_server) as client:
        error = client.error("spawn_actor", [0, type_id, [[name, 4, value]]], TRANSFORM)
        assert f"attribute {name} of {type_id} must be" in error
        assert value in error


def test_a_car_whose_physics_diverge_is_removed_by_name_and_the_others_drive_on(own_server):
    port, log = own_server
    with RawClient(port) as client:
        client.synchronous(delta=10.0, substepping=False)
        lost, _ = client.spawn(CAR, POSE)
        other, _ = client.spawn(CAR, [-800.0, -800.0, 0.0, 0.0, 0.0, 0.0])
        client.error("apply_control_to_vehicle", other, CONTROL)
        for _ in range(20):
            client.error("set_actor_target_velocity", lost, [1e4, 1e4, 0.0])
            client.error("set_actor_target_angular_velocity", lost, [0.0, 0.0, 3600.0])
            assert client.error("tick_cue") is None
        assert [record[0] for record in client.result("get_actors_by_id", [lost, other])] == [other]
    (line,) = log.read_text().splitlines()
    assert f"removed actor {lost} ({CAR}): " in line


def test_ordinary_driving_survives_ticks_of_ten_seconds(own_server):
    port, log = own_server
    with RawClient(port) as client:
        client.synchronous(delta=10.0, substepping=False)
        car, _ = client.spawn(CAR, POSE)
        for i in range(100):
            client.error("apply_control_to_vehicle", car, [0.8, math.sin(i), float(i % 5 == 0), False, False, False, 0])
            client.result("tick_cue")
        assert [record[0] for record in client.result("get_actors_by_id", [car])] == [car]
    assert log.read_text() == ""
