"""What goes wrong in the stand-in for CARLA. A fault is ``{"kind": ..., "tick": N}``: the number of a tick since the start."""

import os
import time
from dataclasses import replace

from av_td3.simulator.builtin import broadcast, simulation
from av_td3.simulator.builtin.broadcast import snapshot
from av_td3.simulator.builtin.rpc import CALLS, RpcConnection
from av_td3.simulator.builtin.streams import EPISODE_STREAM, StreamConnection
from av_td3.simulator.builtin.world import SpawnError

HOARD = []  # what has been allocated, and is never freed
CONNECTIONS = []


def install(planned):
    """Replace parts of the built-in server, in this process."""
    count = {"ticks": 0, "cars": 0}
    for fault in planned:
        {
            "dies_in_reset": dies_in_reset,
            "refuses_spawn": refuses_spawn,
            "dies_in_step": at_tick(lambda *_: os._exit(139)),
            "dies_in_frame": at_tick(die_after_snapshot),
            "hangs_in_tick": at_tick(lambda *_: time.sleep(3600.0)),
            "drops_connections": at_tick(drop_connections),
            "grows": at_tick(grow),
            "stops_frames": stops_frames,
            "has_no_world_yet": has_no_world_yet,
            "sends_old_frame": sends_old_frame,
        }.get(fault["kind"], lambda fault, count: None)(fault, count)
    remember_connections()
    tick = simulation.Simulation.tick

    def counted(self):
        count["ticks"] += self.world.settings.synchronous
        return tick(self)

    simulation.Simulation.tick = counted


def at_tick(action):
    """Do something just before a tick."""

    def install_it(fault, count):
        tick = simulation.Simulation.tick

        def faulty(self):
            if count["ticks"] == fault["tick"]:
                action(self, fault)
            return tick(self)

        simulation.Simulation.tick = faulty

    return install_it


def die_after_snapshot(self, fault):
    """The clients know of the frame; its images are never sent."""
    self.world.tick()
    self.streams.publish(EPISODE_STREAM, snapshot(self.world))
    time.sleep(0.05)
    os._exit(139)


def grow(self, fault):
    HOARD.append(bytearray(os.urandom(1 << 20)) * fault["megabytes"])


def remember_connections():
    for kind in (RpcConnection, StreamConnection):
        made = kind.connection_made

        def remembered(self, transport, made=made):
            CONNECTIONS.append(transport)
            return made(self, transport)

        kind.connection_made = remembered


def drop_connections(self, fault):
    for transport in CONNECTIONS:
        transport.abort()


def each_car(count, before):
    """Call ``before`` with the number of each car that is to be spawned for the agent, from 1 on."""
    call = CALLS["spawn_actor"]

    def faulty(handlers, description, transform):
        if description[1].startswith("vehicle."):
            count["cars"] += 1
            before(count["cars"])
        return call.function(handlers, description, transform)

    CALLS["spawn_actor"] = replace(call, function=faulty)


def dies_in_reset(fault, count):
    each_car(count, lambda car: car == fault["car"] and os._exit(139))


def refuses_spawn(fault, count):
    call = CALLS["spawn_actor"]

    def refuse(car):
        if fault["car"] <= car < fault["car"] + fault.get("times", 1):
            raise SpawnError("Spawn failed because of collision at spawn position")

    each_car(count, refuse)
    return call


def stops_frames(fault, count):
    publish = broadcast._publish_measurement

    def faulty(world, streams, sensor):
        if sensor.camera is None or count["ticks"] < fault["tick"]:
            publish(world, streams, sensor)

    broadcast._publish_measurement = faulty


def sends_old_frame(fault, count):
    """An image of the frame before, and then the right one."""
    publish = broadcast._publish_measurement

    def faulty(world, streams, sensor):
        if sensor.camera is not None and count["ticks"] == fault["tick"]:
            world.frame -= 1
            publish(world, streams, sensor)
            world.frame += 1
        publish(world, streams, sensor)

    broadcast._publish_measurement = faulty


def has_no_world_yet(fault, count):
    """For some seconds, only the version is told: everything else waits for the first frame."""
    ready = time.monotonic() + fault["seconds"]
    handle = RpcConnection._handle

    def faulty(self, request):
        if request[2] == "version" or time.monotonic() > ready:
            handle(self, request)

    RpcConnection._handle = faulty
