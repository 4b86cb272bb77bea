"""RPC handlers that drive vehicles, and change how they move.

Calls that the Traffic Manager makes from its own thread never fail for an actor that no longer exists: an error in that thread
would abort the client.
"""

import math
from typing import Annotated, Any

from av_td3.simulator.builtin.actor_handlers import NO_ACTOR, ActorHandlers
from av_td3.simulator.builtin.actors import VehicleActor
from av_td3.simulator.builtin.arguments import (
    ActorId,
    AngularVelocity,
    Flag,
    Force,
    UInt8,
    Velocity,
    clipped,
    flag,
    integer,
    number,
    record,
)
from av_td3.simulator.builtin.vehicles.ackermann import Target
from av_td3.simulator.builtin.vehicles.physics_control import PhysicsControl, PhysicsControlRecord
from av_td3.simulator.builtin.wire import DONE, Response, VoidResponse, failure, success

LightState = Annotated[list[int], record(flags=integer(0, 2**32 - 1))]
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
_quantity = number(-1e6, 1e6)
AckermannRecord = Annotated[
    list[float], record(steer=_quantity, steer_speed=_quantity, speed=_quantity, acceleration=_quantity, jerk=_quantity)
]
_gain = number(-1e6, 1e6)
AckermannSettings = Annotated[
    list[float],
    record(speed_kp=_gain, speed_ki=_gain, speed_kd=_gain, accel_kp=_gain, accel_ki=_gain, accel_kd=_gain),
]


class VehicleHandlers(ActorHandlers):
    """Handlers of the calls that concern vehicles only."""

    # -- control -------------------------------------------------------------------------------------------------------

    def apply_control_to_vehicle(self, actor_id: ActorId, control: ControlRecord) -> VoidResponse:
        vehicle = self._world.actors.get(actor_id)
        if not isinstance(vehicle, VehicleActor):
            return self._not_a_vehicle(actor_id)
        vehicle.apply_control(*control)
        return DONE

    def apply_ackermann_control_to_vehicle(self, actor_id: ActorId, control: AckermannRecord) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.follow(Target(*control)))

    def get_ackermann_controller_settings(self, actor_id: ActorId) -> Response:
        vehicle = self._world.actors.get(actor_id)
        return success(vehicle.ackermann_gains) if isinstance(vehicle, VehicleActor) else failure(NO_ACTOR)

    def apply_ackermann_controller_settings(self, actor_id: ActorId, settings: AckermannSettings) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.set_ackermann_gains(settings))

    def set_actor_autopilot(self, actor_id: ActorId, enabled: Flag) -> VoidResponse:
        return DONE  # the Traffic Manager drives, and it lives in the client

    # -- motion --------------------------------------------------------------------------------------------------------

    def set_actor_target_angular_velocity(self, actor_id: ActorId, velocity: AngularVelocity) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: setattr(a, "angular_velocity", velocity))

    def enable_actor_constant_velocity(self, actor_id: ActorId, velocity: Velocity) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.hold_velocity(velocity[0], velocity[1]))

    def disable_actor_constant_velocity(self, actor_id: ActorId) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.release_velocity())

    def add_actor_impulse(self, actor_id: ActorId, impulse: Force) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.add_impulse(impulse))

    def add_actor_force(self, actor_id: ActorId, force: Force) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.add_force(force))

    def add_actor_angular_impulse(self, actor_id: ActorId, impulse: Force) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.add_angular_impulse(math.radians(impulse[2])))

    def add_actor_torque(self, actor_id: ActorId, torque: Force) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.add_torque(math.radians(torque[2])))

    def set_actor_simulate_physics(self, actor_id: ActorId, enabled: Flag) -> VoidResponse:
        self._with_vehicle(actor_id, lambda a: a.body.__setitem__("physics", enabled))
        return DONE

    def set_actor_collisions(self, actor_id: ActorId, enabled: Flag) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.body.__setitem__("collides", enabled))

    # -- physics -------------------------------------------------------------------------------------------------------

    def get_physics_control(self, actor_id: ActorId) -> Response:
        vehicle = self._world.actors.get(actor_id)
        return success(list(vehicle.physics_control)) if isinstance(vehicle, VehicleActor) else failure(NO_ACTOR)

    def apply_physics_control(self, actor_id: ActorId, control: PhysicsControlRecord) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.set_physics_control(PhysicsControl(*control)))

    def get_wheel_steer_angle(self, actor_id: ActorId, wheel: UInt8) -> Response:
        vehicle = self._world.actors.get(actor_id)
        front = isinstance(vehicle, VehicleActor) and wheel < 2
        return success(vehicle.wheel_angle(wheel) if front else 0.0)  # type: ignore[union-attr]

    # -- lights --------------------------------------------------------------------------------------------------------

    def get_vehicle_light_state(self, actor_id: ActorId) -> Response:
        vehicle = self._world.actors.get(actor_id)
        return success([int(vehicle.body["lights"]) if isinstance(vehicle, VehicleActor) else 0])

    def set_vehicle_light_state(self, actor_id: ActorId, state: LightState) -> VoidResponse:
        return self._with_vehicle(actor_id, lambda a: a.body.__setitem__("lights", state[0]))

    def get_vehicle_light_states(self) -> Response:
        return success(self._world.fleet.lights())
