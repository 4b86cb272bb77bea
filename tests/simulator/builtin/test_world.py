"""A world without a server: what cars do to each other, what their sensors measure, and who receives it."""

import math
import struct

import msgpack
import pytest

from av_td3.simulator.builtin.broadcast import publish, snapshot
from av_td3.simulator.builtin.geometry import attach
from av_td3.simulator.builtin.vehicles.vehicle import GRAVITY
from av_td3.simulator.builtin.world import SpawnError, World
from tests.simulator.builtin.raw_client import frame_of

HEAVY, LIGHT = "vehicle.tesla.model3", "vehicle.nissan.micra"
ORIGIN, EAST, NORTH = (40.0, 2.0), 0.0, -90.0  # of the first spawn point of Loop01; y points south
DELTA = 0.1


@pytest.fixture
def world():
    made = World("Loop01")
    made.settings.record[2] = DELTA
    return made


def spawn(world, name, along=0.0, across=0.0, yaw=EAST, parent=0, **attributes):
    start = (0.0, 0.0) if parent else ORIGIN
    listed = [[key, 0, str(value)] for key, value in attributes.items()]
    return world.spawn([0, name, listed], [start[0] + along, start[1] + across, 0.0, 0.0, yaw, 0.0], parent)


def control(car, throttle=0.0, steer=0.0, brake=0.0):
    car.apply_control(throttle, steer, brake, False, False, False, 0)


def test_a_crash_keeps_momentum_and_moves_the_lighter_car_more(world):
    heavy, light = spawn(world, HEAVY), spawn(world, LIGHT, along=4.3)
    heavy.velocity = [10.0, 0.0, 0.0]
    light.velocity = [0.0, 0.0, 0.0]
    collisions = world.tick()
    assert [(hit.actor, hit.other) for hit in collisions] == [(heavy, light), (light, heavy)]
    on_heavy, on_light = (hit.impulse for hit in collisions)
    assert on_heavy[0] < 0.0 < on_light[0]
    assert on_heavy == pytest.approx([-component for component in on_light])
    assert light.velocity[0] == pytest.approx(on_light[0] / light.model.mass, rel=0.01)  # rolling on for the rest of the tick
    slowed = 10.0 - heavy.velocity[0]
    assert slowed * heavy.model.mass == pytest.approx(light.velocity[0] * light.model.mass, rel=0.05)  # rolling aside
    gap = light.pose[0] - heavy.pose[0] - heavy.model.half_length - light.model.half_length
    assert 0.0 <= gap < 0.2  # they part for the rest of the tick
    assert light.pose[0] - 44.3 > 41.0 - heavy.pose[0] > 0.0  # both were pushed, the lighter one farther


def test_cars_that_drive_apart_have_not_hit_each_other(world):
    spawn(world, HEAVY)
    ahead = spawn(world, LIGHT, along=4.3)
    ahead.velocity = [10.0, 0.0, 0.0]
    assert world.tick() == []


def test_two_cars_are_not_spawned_in_one_place(world):
    spawn(world, HEAVY)
    with pytest.raises(SpawnError, match="collision"):
        spawn(world, LIGHT, along=4.0)
    spawn(world, LIGHT, along=4.3)


def test_a_sensor_goes_where_its_car_goes(world):
    car = spawn(world, HEAVY)
    sensor = spawn(world, "sensor.other.imu", along=1.0, across=0.5, parent=car.id)
    car.velocity = [10.0, 0.0, 0.0]
    world.tick()
    assert sensor.pose[:2] == pytest.approx([car.pose[0] + 1.0, car.pose[1] + 0.5])
    assert sensor.velocity == car.velocity


def test_what_is_attached_to_a_car_has_the_pose_of_any_other_attached_frame(world):
    car = spawn(world, HEAVY, yaw=63.0)
    relative = [1.5, -0.4, 1.6, -12.0, 25.0, 7.0]
    car.body["pitch"], car.body["roll"] = 0.04, -0.07
    camera = world.fleet.attached_pose(car.slot, relative)
    assert camera == pytest.approx(attach(car.pose, relative))


@pytest.mark.parametrize("yaw", [EAST, NORTH, -37.0])
def test_accelerations_are_in_the_frame_of_the_car(world, yaw):
    """Braking at full grip from 20 m/s on a dry road, wherever the car faces."""
    car = spawn(world, HEAVY, across=-1.5, yaw=yaw)
    sensor = spawn(world, "sensor.other.imu", parent=car.id)
    heading = math.radians(yaw)
    car.velocity = [20.0 * math.cos(heading), 20.0 * math.sin(heading), 0.0]
    control(car, brake=1.0)
    world.tick()
    accelerometer, gyroscope, compass = world.imu(sensor)
    assert accelerometer == pytest.approx([-car.model.braking_grip * GRAVITY, 0.0, GRAVITY], rel=0.05, abs=1e-6)
    assert gyroscope == pytest.approx([0.0, 0.0, 0.0])
    assert math.degrees(compass) == pytest.approx((yaw + 90.0) % 360.0)


def test_a_turn_to_the_right_pushes_to_the_right(world):
    car = spawn(world, HEAVY)
    sensor = spawn(world, "sensor.other.imu", parent=car.id)
    car.velocity = [10.0, 0.0, 0.0]
    control(car, steer=0.2)
    for _ in range(3):
        world.tick()
    accelerometer, gyroscope, _ = world.imu(sensor)
    assert accelerometer[1] > 1.0
    assert gyroscope[2] > 0.1
    assert car.pose[1] > ORIGIN[1]  # south of the road


def test_north_is_up_and_east_is_right_on_the_globe(world):
    here, north, east = (
        world.gnss(spawn(world, "sensor.other.gnss", along=along, across=across))
        for along, across in ((0.0, 0.0), (0.0, -111.32), (111.32, 0.0))
    )
    assert north[0] - here[0] == pytest.approx(0.001)
    assert east[1] - here[1] == pytest.approx(0.001 / math.cos(math.radians(42.0)))


def test_a_wet_road_is_as_slippery_as_the_weather_says(world):
    def speed_after_braking(wetness):
        world.load("Loop01")
        weather = list(world.weather)
        weather[9] = wetness
        world.set_weather(weather)
        car = spawn(world, HEAVY)
        car.velocity = [20.0, 0.0, 0.0]
        control(car, brake=1.0)
        for _ in range(10):
            world.tick()
        return car.velocity[0]

    dry, damp, wet = (20.0 - speed_after_braking(wetness) for wetness in (0.0, 50.0, 100.0))
    assert [damp / dry, wet / dry] == pytest.approx([0.725 / 0.85, 0.6 / 0.85], rel=0.04)


class Listeners:
    """Listens to all sensors."""

    def __init__(self):
        self.sent = {}

    def has_listeners(self, stream):
        return True

    def publish(self, stream, message):
        self.sent.setdefault(stream, []).append(message)


def run(world, ticks):
    """What was sent on each stream."""
    listeners = Listeners()
    for _ in range(ticks):
        publish(world, listeners, world.tick(), 2001)
    return listeners.sent


def test_a_collision_is_sent_to_the_sensor_of_each_car_that_was_in_it(world):
    cars = [spawn(world, HEAVY), spawn(world, LIGHT, along=4.3), spawn(world, LIGHT, along=20.0)]
    sensors = [spawn(world, "sensor.other.collision", parent=car.id) for car in cars]
    cars[0].velocity = [10.0, 0.0, 0.0]
    sent = run(world, 1)
    found = [[msgpack.unpackb(m[4 + 48 :])[:2] for m in sent.get(sensor.stream, [])] for sensor in sensors]
    assert [[(one[0], other[0]) for one, other in hits] for hits in found] == [
        [(cars[0].id, cars[1].id)],
        [(cars[1].id, cars[0].id)],
        [],
    ]


@pytest.mark.parametrize(("period", "frames"), [(0.0, [2, 3, 4, 5, 6, 7]), (0.2, [2, 4, 6]), (0.25, [2, 5])])
def test_a_sensor_measures_as_often_as_its_sensor_tick_says(world, period, frames):
    sensor = spawn(world, "sensor.other.gnss", sensor_tick=period)
    assert [frame_of(message[4:]) for message in run(world, 6)[sensor.stream]] == frames


def test_a_snapshot_tells_clients_the_speed_limit_in_km_per_hour(world):
    car = spawn(world, HEAVY)
    control(car, throttle=0.5, steer=-0.25)
    message = snapshot(world)
    state = message[-54:]  # of the newest vehicle
    throttle, steer, brake, _, _, _, _, limit = struct.unpack_from("<3f3Bif", state)
    assert (throttle, steer, brake, limit) == (0.5, -0.25, 0.0, 40.0)


def test_rain_in_an_episode_does_not_depend_on_what_came_before_it():
    images = []
    for earlier in (0, 5):
        world = World("Loop01", "high")
        for _ in range(earlier):
            world.tick()
        world.load("Loop01")
        rain = list(world.weather)
        rain[1] = rain[0] = 90.0
        world.set_weather(rain)
        camera = spawn(world, "sensor.camera.rgb", along=5.0, image_size_x=64, image_size_y=48)
        camera.pose[2] = 1.6
        world.tick()
        first = bytes(world.camera_image(camera))
        world.tick()
        assert bytes(world.camera_image(camera)) != first  # it falls
        images.append(first)
    assert images[0] == images[1]
