"""Stream messages after a tick: the snapshot of the world, and the data of every sensor with listeners."""

import time

import msgpack

from av_td3.simulator.builtin.actors import Actor, SensorActor, VehicleActor
from av_td3.simulator.builtin.blueprints import STATIC_TAG
from av_td3.simulator.builtin.streams import EPISODE_STREAM, Streams
from av_td3.simulator.builtin.wire import (
    ACTOR_ACTIVE,
    ACTOR_STATE,
    EPISODE_HEADER,
    EPISODE_STATE_TYPE,
    IMAGE_HEADER,
    MAP_CHANGED,
    OTHER_STATE,
    SENSOR_HEADER,
    message,
    stream_token,
)
from av_td3.simulator.builtin.world import Collision, World

BUILDING = [0, 0, [0, "static.building", []], [[0.0, 0.0, 0.0]] * 3 + [0], bytes([STATIC_TAG]), b""]


def actor_record(actor: Actor, stream_port: int) -> list[object]:
    """An actor as encoded in RPC replies and collision events."""
    token = stream_token(actor.stream, stream_port) if actor.stream else b""
    return [actor.id, actor.parent, actor.description, bounding_box(actor), actor.tags, token]


def bounding_box(actor: Actor) -> list[object]:
    """``[centre, half size, rotation, id]``; a car's centre is half its height above the ground."""
    return [[0.0, 0.0, actor.half_size[2]], actor.half_size, [0.0, 0.0, 0.0], actor.id]


def snapshot(world: World) -> bytes:
    """Encode the state of all actors as a message of the episode stream."""
    parts = [
        SENSOR_HEADER.pack(EPISODE_STATE_TYPE, world.frame, world.elapsed, 0, 0, 0, 0, 0, 0),
        EPISODE_HEADER.pack(world.episode, time.time(), world.settings.delta, 0, 0, 0, MAP_CHANGED if world.map_changed else 0),
    ]
    for a in list(world.actors.values()):
        if isinstance(a, VehicleActor):
            continue
        try:
            parts.append(ACTOR_STATE.pack(a.id, ACTOR_ACTIVE, *a.pose, *a.velocity, *a.angular_velocity, *a.acceleration))
            parts.append(OTHER_STATE)
        except Exception as error:
            world.remove_failing(a, error)
    return message(*parts, world.fleet.records().tobytes())


def publish(world: World, streams: Streams, collisions: list[Collision], stream_port: int) -> None:
    """Send the snapshot, then the sensor data of this tick."""
    streams.publish(EPISODE_STREAM, snapshot(world))
    world.map_changed = False
    for sensor in list(world.sensors):
        if not sensor.stream or not streams.has_listeners(sensor.stream):
            continue
        try:
            if sensor.sensor.name == "collision":
                _publish_collisions(world, streams, sensor, collisions, stream_port)
            elif world.elapsed + 1e-9 >= sensor.due:
                sensor.due = world.elapsed + sensor.period if sensor.period > 0.0 else 0.0
                _publish_measurement(world, streams, sensor)
        except Exception as error:
            world.remove_failing(sensor, error)


def _header(world: World, sensor: SensorActor) -> bytes:
    return SENSOR_HEADER.pack(sensor.sensor.type_number, world.frame, world.elapsed, *sensor.pose)


def _publish_collisions(
    world: World, streams: Streams, sensor: SensorActor, collisions: list[Collision], stream_port: int
) -> None:
    for hit in collisions:
        if hit.actor.id == sensor.parent:
            other = actor_record(hit.other, stream_port) if hit.other is not None else BUILDING
            event = msgpack.packb([actor_record(hit.actor, stream_port), other, hit.impulse])
            streams.publish(sensor.stream, message(_header(world, sensor), event))


def _publish_measurement(world: World, streams: Streams, sensor: SensorActor) -> None:
    camera = sensor.camera
    if camera is None:
        reading = world.imu(sensor) if sensor.sensor.name == "imu" else world.gnss(sensor)
        streams.publish(sensor.stream, message(_header(world, sensor), msgpack.packb(reading)))
    elif world.settings.rendering:
        image = world.camera_image(sensor)
        image_header = IMAGE_HEADER.pack(camera.width, camera.height, camera.fov)
        streams.publish(sensor.stream, message(_header(world, sensor), image_header, image))
