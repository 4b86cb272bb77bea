"""A script such as a user of CARLA writes: nothing of this project is imported. Usage: drive.py PORT"""

import math
import queue
import sys

import carla
import numpy as np

client = carla.Client("127.0.0.1", int(sys.argv[1]))
client.set_timeout(5.0)
world = client.get_world()
assert client.get_server_version() == client.get_client_version() == "0.9.16"

settings = world.get_settings()
settings.synchronous_mode = True
settings.fixed_delta_seconds = 0.05
world.apply_settings(settings)
world.set_weather(carla.WeatherParameters.WetCloudySunset)

library = world.get_blueprint_library()
points = world.get_map().get_spawn_points()
car = world.spawn_actor(library.find("vehicle.tesla.model3"), points[0])
assert world.try_spawn_actor(library.find("vehicle.audi.tt"), points[0]) is None, "two cars in one place"
try:
    world.spawn_actor(library.find("vehicle.audi.tt"), points[0])
except RuntimeError as error:
    assert "collision" in str(error), error
ahead = world.get_map().get_waypoint(points[0].location).next(25.0)[0].transform
ahead.location.z = 0.3
obstacle = world.spawn_actor(library.find("vehicle.audi.tt"), ahead)

readings = {}


def sensor(name, **attributes):
    blueprint = library.find(name)
    for key, value in attributes.items():
        blueprint.set_attribute(key, str(value))
    mount = carla.Transform(carla.Location(x=1.5, z=1.6), carla.Rotation(pitch=-5))
    actor = world.spawn_actor(blueprint, mount, attach_to=car)
    readings[name] = queue.Queue()
    actor.listen(readings[name].put)
    return actor


sensors = [
    sensor("sensor.camera.rgb", image_size_x=84, image_size_y=60, fov=100),
    sensor("sensor.other.collision"),
    sensor("sensor.other.imu"),
    sensor("sensor.other.gnss"),
    sensor("sensor.other.lane_invasion"),
]
first = world.tick()
readings["sensor.camera.rgb"].get(timeout=2)
readings["sensor.other.imu"].get(timeout=2)

car.apply_control(carla.VehicleControl(throttle=0.7))
start = car.get_location()
for i in range(30):
    frame = world.tick()
    image = readings["sensor.camera.rgb"].get(timeout=2)
    imu = readings["sensor.other.imu"].get(timeout=2)
    assert frame == first + 1 + i
    assert image.frame == imu.frame == frame
pixels = np.frombuffer(image.raw_data, np.uint8).reshape(60, 84, 4)
assert pixels.std() > 10, "an image of one colour"
assert image.width == 84
assert abs(image.fov - 100.0) < 1e-4
assert car.get_location().distance(start) > 3.0
assert imu.accelerometer.x > 1.0
tilt, pull = math.radians(5.0), car.get_acceleration().length()  # the sensor is mounted with its nose down
assert abs(imu.accelerometer.z - (9.81 * math.cos(tilt) + pull * math.sin(tilt))) < 0.01
assert abs(readings["sensor.other.gnss"].get(timeout=2).latitude - 42.0) < 0.1
assert car.get_control().throttle == np.float32(0.7)
assert abs(world.get_snapshot().timestamp.delta_seconds - 0.05) < 1e-6

for _ in range(100):
    if not readings["sensor.other.collision"].empty():
        break
    world.tick()
hit = readings["sensor.other.collision"].get(timeout=2)
assert (hit.actor.id, hit.other_actor.id) == (car.id, obstacle.id)
assert hit.normal_impulse.length() > 1000.0

side = world.get_map().get_waypoint(points[40].location).transform
car.set_transform(side)
car.set_target_velocity(carla.Vector3D())
for _ in range(3):
    world.tick()
while not readings["sensor.other.lane_invasion"].empty():
    readings["sensor.other.lane_invasion"].get()
car.apply_control(carla.VehicleControl(throttle=0.5, steer=0.1))
for _ in range(60):
    world.tick()
crossed = readings["sensor.other.lane_invasion"].get(timeout=2).crossed_lane_markings
assert crossed[0].type == carla.LaneMarkingType.Solid, crossed

for actor in sensors:
    actor.stop()
    actor.destroy()
car.destroy()
obstacle.destroy()
world.tick()
assert [a.type_id for a in world.get_actors()] == ["spectator"]
world = client.load_world("Loop01")
assert world.get_map().name == "Carla/Maps/Loop01"
assert not world.get_settings().synchronous_mode
try:
    client.load_world("Nowhere")
except RuntimeError as error:
    assert "Nowhere" in str(error), error
client.load_world("Suburb01")
print("drove")
