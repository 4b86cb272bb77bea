"""A script such as a user of CARLA writes, about how cars and cameras behave. Usage: behaviour.py PORT"""

import math
import queue
import sys

import carla
import numpy as np

client = carla.Client("127.0.0.1", int(sys.argv[1]))
client.set_timeout(5.0)
world = client.get_world()
settings = world.get_settings()
settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
world.apply_settings(settings)
library = world.get_blueprint_library()


def spawn_car(x, y, **attributes):
    blueprint = library.find("vehicle.tesla.model3")
    for name, value in attributes.items():
        blueprint.set_attribute(name, value)
    car = world.spawn_actor(blueprint, carla.Transform(carla.Location(x=x, y=y)))
    world.tick()
    return car


# The velocity that is held is the car's own, and steering turns the car.
car = spawn_car(-900, -900)
car.enable_constant_velocity(carla.Vector3D(x=8.0))
car.apply_control(carla.VehicleControl(steer=0.3))
for _ in range(40):
    world.tick()
    yaw = math.radians(car.get_transform().rotation.yaw)
    velocity = car.get_velocity()
    assert abs(velocity.x - 8.0 * math.cos(yaw)) < 1e-3, velocity
    assert abs(velocity.y - 8.0 * math.sin(yaw)) < 1e-3, velocity
assert 20.0 < math.degrees(yaw) < 180.0, yaw
car.apply_control(carla.VehicleControl(throttle=1.0, brake=1.0))
start = car.get_location()
for _ in range(20):
    world.tick()
assert abs(start.distance(car.get_location()) - 8.0) < 0.01, "it does not go straight on at 8 m/s"
car.disable_constant_velocity()
car.apply_control(carla.VehicleControl(brake=1.0))
for _ in range(40):
    world.tick()
assert car.get_velocity().length() < 0.1
car.destroy()

# A control sticks, or is there for one tick.
for sticky, fast in (("true", True), ("false", False)):
    car = spawn_car(-900, -900, sticky_control=sticky)
    car.apply_control(carla.VehicleControl(throttle=1.0, steer=0.25))
    world.tick()
    assert car.get_control().throttle == 1.0  # what was in force in this tick
    speed = car.get_velocity().length()
    assert speed > 0.1
    world.tick()
    assert (car.get_control().throttle, car.get_control().steer) == ((1.0, 0.25) if fast else (0.0, 0.0))
    for _ in range(20):
        world.tick()
    assert (car.get_velocity().length() > 3.0) == fast
    for _ in range(20):
        car.apply_control(carla.VehicleControl(throttle=1.0))
        world.tick()
    assert car.get_velocity().length() > 3.0, "a control in every tick drives the car all the same"
    car.destroy()
    world.tick()

# What blueprints offer.
for name in ("sensor.other.collision", "sensor.other.lane_invasion"):
    assert not library.find(name).has_attribute("sensor_tick"), name
rgb = library.find("sensor.camera.rgb")
for name, value in (
    ("gamma", "2.2"),
    ("iso", "100.0"),
    ("exposure_mode", "histogram"),
    ("lens_k", "0.0"),
    ("blade_count", "7"),
):
    rgb.set_attribute(name, value)
rgb.set_attribute("image_size_x", "200")
rgb.set_attribute("image_size_y", "200")

# Cameras at a red car: behind it, above it, on its bonnet, over its bonnet, inside; and attached to a camera that is.
car = spawn_car(-900, -900, color="255,0,0")


def red_pixels(parent, x, z, pitch=0.0, yaw=0.0):
    images = queue.Queue()
    mount = carla.Transform(carla.Location(x=x, z=z), carla.Rotation(pitch=pitch, yaw=yaw))
    camera = world.spawn_actor(rgb, mount, attach_to=parent)
    camera.listen(images.put)
    world.tick()
    image = images.get(timeout=5.0)
    camera.stop()
    bgra = np.frombuffer(image.raw_data, np.uint8).reshape(200, 200, 4).astype(int)
    return int(((bgra[..., 2] > 120) & (bgra[..., 1] < 60)).sum()), camera


assert red_pixels(car, -6.0, 3.0, -15.0)[0] > 1000, "a chase camera sees the car that it follows"
assert red_pixels(car, 6.0, 1.5, 0.0, 180.0)[0] > 1000, "so does one in front that looks back"
assert red_pixels(car, 0.0, 15.0, -90.0)[0] > 150, "and one high above"
assert red_pixels(car, 1.5, 1.6, -5.0)[0] == 0, "over the bonnet"
assert red_pixels(car, 2.5, 0.7)[0] == 0, "on the bonnet"
assert red_pixels(car, 0.0, 1.7, -60.0)[0] == 0, "on the roof"
inside, camera = red_pixels(car, 0.3, 1.2, -20.0)
assert inside == 0, "inside"
assert red_pixels(camera, 0.1, 0.0, -20.0)[0] == 0, "inside, attached to another camera"
print("behaved")
