"""RPC handlers for actors: spawn, destroy and move them, and control vehicles.

Calls that the Traffic Manager makes from its own thread never fail for an actor that no longer exists: an error in that thread
would abort the client.
"""

import math
from collections.abc import Callable
from typing import Annotated, Any

from av_td3.simulator.builtin.actors import Actor, VehicleActor
from av_td3.simulator.builtin.arguments import (
    ActorId,
    AngularVelocity,
    Description,
    Flag,
    Int32,
    Location,
    Text,
    Transform,
    UInt8,
    Velocity,
    clipped,
    flag,
    integer,
    list_of,
    record,
)
from av_td3.simulator.builtin.blueprints import DEFINITIONS
from av_td3.simulator.builtin.broadcast import actor_record, bounding_box
from av_td3.simulator.builtin.simulation import Simulation
from av_td3.simulator.builtin.vehicle import VehicleControl
from av_td3.simulator.builtin.wire import DONE, Response, VoidResponse, failure, success, void_failure
from av_td3.simulator.builtin.world import SpawnError

NO_ACTOR = "actor not found"

_id = integer(0, 2**32 - 1)
ActorIds = Annotated[list[int], list_of(_id)]
LightState = Annotated[list[int], record(flags=_id)]
ControlRecord = Annotated[
    list[Any],
    record(
        throttle=clipped(0.0, 1.0),
        steer=clipped(-1.0, 1.0),
        brake=clipped(0.0, 1.0),
        hand_brake=flag,
        reverse=flag,
        manual_gear_shift=flag,
        gear=integer(-(2**31), 2**31 - 1),
    ),
]


class ActorHandlers:
    """Handlers of the calls that take an actor's id or spawn an actor."""

    def __init__(self, simulation: Simulation):
        self._simulation = simulation
        self._world = simulation.world
        self._stream_port = simulation.stream_port

    def get_actor_definitions(self) -> Response:
        return success(DEFINITIONS)

    def get_spectator(self) -> Response:
        return success(actor_record(self._world.spectator, self._stream_port))

    def get_actors_by_id(self, ids: ActorIds) -> Response:
        known = (self._world.actors.get(i) for i in ids)
        return success([actor_record(actor, self._stream_port) for actor in known if actor is not None])

    def spawn_actor(self, description: Description, transform: Transform) -> Response:
        return self.spawn_actor_with_parent(description, transform, 0)

    def spawn_actor_with_parent(
        self, description: Description, transform: Transform, parent: ActorId, attachment: Int32 = 0, socket: Text = ""
    ) -> Response:
        try:
            return success(actor_record(self._world.spawn(description, transform, parent), self._stream_port))
        except (SpawnError, ValueError) as error:
            return failure(str(error))

    def destroy_actor(self, actor_id: ActorId) -> Response:
        return success(True) if self._simulation.destroy(actor_id) else failure("unable to destroy actor: not found")

    def get_actor_bounding_box(self, actor_id: ActorId) -> Response:
        actor = self._world.actors.get(actor_id)
        return success([[0.0] * 3, [0.0] * 3, [0.0] * 3, actor_id] if actor is None else bounding_box(actor))

    def _with_actor(self, actor_id: ActorId, change: Callable[[Actor], object]) -> VoidResponse:
        actor = self._world.actors.get(actor_id)
        if actor is None:
            return void_failure(NO_ACTOR)
        change(actor)
        return DONE

    def _with_vehicle(self, actor_id: ActorId, change: Callable[[VehicleActor], object]) -> VoidResponse:
        actor = self._world.actors.get(actor_id)
        if not isinstance(actor, VehicleActor):
            return self._not_a_vehicle(actor_id)
        change(actor)
        return DONE

    def _not_a_vehicle(self, actor_id: int) -> VoidResponse:
        return void_failure(f"actor {actor_id} is not a vehicle" if actor_id in self._world.actors else NO_ACTOR)

    def set_actor_transform(self, actor_id: ActorId, transform: Transform) -> VoidResponse:
        return self._with_actor(actor_id, lambda a: self._world.place(a, transform))

    def set_actor_location(self, actor_id: ActorId, location: Location) -> VoidResponse:
        return self._with_actor(actor_id, lambda a: self._world.place(a, [*location, *(a.relative or a.pose)[3:]]))

    def set_actor_target_velocity(self, actor_id: ActorId, velocity: Velocity) -> VoidResponse:
        return self._with_actor(actor_id, lambda a: self._world.set_velocity(a, velocity))

    def set_actor_target_angular_velocity(self, actor_id: ActorId, velocity: AngularVelocity) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: setattr(a.motion, "yaw_rate", math.radians(velocity[2])))

    def enable_actor_constant_velocity(self, actor_id: ActorId, velocity: Velocity) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: setattr(a, "constant_velocity", velocity))

    def disable_actor_constant_velocity(self, actor_id: ActorId) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: setattr(a, "constant_velocity", None))

    def set_actor_simulate_physics(self, actor_id: ActorId, enabled: Flag) -> VoidResponse:
        self._with_vehicle(actor_id, lambda a: setattr(a, "physics", enabled))
        return DONE

    def set_actor_autopilot(self, actor_id: ActorId, enabled: Flag) -> VoidResponse:
        return DONE  # the Traffic Manager drives, and it lives in the client

    # -- vehicles ------------------------------------------------------------------------------------------------------

    def apply_control_to_vehicle(self, actor_id: ActorId, control: ControlRecord) -> VoidResponse:
        vehicle = self._world.actors.get(actor_id)
        if not isinstance(vehicle, VehicleActor):
            return self._not_a_vehicle(actor_id)
        throttle, steer, brake, hand_brake, reverse, manual, gear = control
        vehicle.apply_control(VehicleControl(throttle, steer, brake, hand_brake, reverse), manual, gear)
        return DONE

    def get_physics_control(self, actor_id: ActorId) -> Response:
        vehicle = self._world.actors.get(actor_id)
        if not isinstance(vehicle, VehicleActor):
            return failure(NO_ACTOR)
        m = vehicle.model
        axles = ((m.front_axle, m.max_steer), (-m.rear_axle, 0.0))
        wheels = [
            [3.5, 0.25, steer, 33.5, 1500.0, 3000.0, 3.0, 20.0, 3000.0, [100.0 * x, 100.0 * y, 33.5]]
            for x, steer in axles
            for y in (-m.half_width, m.half_width)
        ]
        # An electric car's envelope: constant force, then constant power, through one gear.
        torque = [[0.0, m.peak_force * 0.335 / 9.0], [m.power / m.peak_force / 0.335 * 9.0 * 60.0 / (2.0 * math.pi), 0.0]]
        engine = [torque, 16000.0, 1.0, 0.15, 2.0, 0.35, True, 0.0, 10.0, 9.0, [[1.0, 0.5, 0.65]]]
        return success([*engine, m.mass, m.drag_area, [0.0, 0.0, 0.0], [[0.0, 1.0], [120.0, 1.0]], wheels, True])

    def get_wheel_steer_angle(self, actor_id: ActorId, wheel: UInt8) -> Response:
        vehicle = self._world.actors.get(actor_id)
        front = isinstance(vehicle, VehicleActor) and wheel < 2
        return success(vehicle.model.max_steer * vehicle.control.steer if front else 0.0)  # type: ignore[union-attr]

    def get_vehicle_light_state(self, actor_id: ActorId) -> Response:
        vehicle = self._world.actors.get(actor_id)
        return success([vehicle.lights if isinstance(vehicle, VehicleActor) else 0])

    def set_vehicle_light_state(self, actor_id: ActorId, state: LightState) -> VoidResponse:
        vehicle = self._world.actors.get(actor_id)
        if not isinstance(vehicle, VehicleActor):
            return self._not_a_vehicle(actor_id)
        vehicle.lights = state[0]
        return DONE

    def get_vehicle_light_states(self) -> Response:
        return success([[vehicle.id, vehicle.lights] for vehicle in self._world.vehicles])
