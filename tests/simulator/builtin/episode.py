"""Prints a digest of all states and images of an episode with traffic. Arguments: PORT TICKS TOWN

It is a program of its own because the Traffic Manager lives as long as its process.
"""

import hashlib
import os
import queue
import struct
import sys

import carla
import numpy as np

from av_td3.env.clock import Clock
from av_td3.env.traffic import Traffic
from av_td3.simulator.port_lease import lease_port

port, ticks, town = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
client = carla.Client("127.0.0.1", port)
client.set_timeout(10.0)
world = client.load_world(town)
settings = world.get_settings()
settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.1
world.apply_settings(settings)
world.set_weather(carla.WeatherParameters(cloudiness=30.0, fog_density=10.0, sun_altitude_angle=40.0, wetness=40.0))
library, points = world.get_blueprint_library(), world.get_map().get_spawn_points()
own = world.spawn_actor(library.find("vehicle.tesla.model3"), points[0])
blueprint = library.find("sensor.camera.rgb")
for name in ("image_size_x", "image_size_y"):
    blueprint.set_attribute(name, "84")
camera = world.spawn_actor(blueprint, carla.Transform(carla.Location(x=1.5, z=1.6), carla.Rotation(pitch=-5)), attach_to=own)
images = queue.Queue()
camera.listen(images.put)
clock, traffic = Clock(0.5), Traffic(client, lease_port())
traffic.spawn(world, points, 20, points[0], np.random.default_rng(7))
clock.use(world, traffic.port)
clock.tick()
own.set_autopilot(True, traffic.port)
traffic.start()
states, frames, path = hashlib.sha256(), hashlib.sha256(), 0.0
for _ in range(ticks):
    frame = clock.tick()
    image = images.get(timeout=5.0)
    while image.frame < frame:
        image = images.get(timeout=5.0)
    frames.update(image.raw_data)
    for actor in sorted(world.get_snapshot(), key=lambda actor: actor.id):
        pose, velocity, spin = actor.get_transform(), actor.get_velocity(), actor.get_angular_velocity()
        numbers = (pose.location, pose.rotation, velocity, actor.get_acceleration(), spin)
        for v in numbers:
            states.update(struct.pack("3f", *((v.pitch, v.yaw, v.roll) if isinstance(v, carla.Rotation) else (v.x, v.y, v.z))))
    path += own.get_velocity().length() * 0.1
traffic.stop()
camera.stop()
clock.close()
print(states.hexdigest(), frames.hexdigest(), f"{path:.1f}")
sys.stdout.flush()
os._exit(0)  # the client's own threads may abort the process at its end
