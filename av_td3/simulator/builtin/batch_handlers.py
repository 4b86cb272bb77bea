"""RPC handler of ``apply_batch``: each command runs a handler, and has its own response."""

import logging
from typing import Annotated, Any, NamedTuple

from av_td3.simulator.builtin.arguments import (
    ActorId,
    ArgumentError,
    Call,
    Description,
    Flag,
    Int32,
    OptionalActorId,
    Text,
    Transform,
    UInt32,
    anything,
    invalid,
    list_of,
)
from av_td3.simulator.builtin.throttled_log import ThrottledLog
from av_td3.simulator.builtin.vehicle_handlers import VehicleHandlers
from av_td3.simulator.builtin.wire import DONE, Response, VoidResponse, error_of, failure, success

SPAWN = 0
MAX_DEPTH = 10  # of nested spawn commands
log = ThrottledLog(logging.getLogger(__name__))


class Command(NamedTuple):
    """A command and its validated arguments."""

    call: Call
    arguments: list[Any]
    depth: int  # 0, or for a spawn one more than that of the commands nested in it

    @classmethod
    def read(cls, value: object) -> "Command":
        """Validate a command from the wire, ``[[kind, arguments]]``. Raises ArgumentError."""
        variant = value[0] if isinstance(value, list) and len(value) == 1 else None
        if not (isinstance(variant, list) and len(variant) == 2 and isinstance(variant[1], list)):
            raise invalid("a command [[kind, arguments]]", value)
        kind, values = variant
        call = _COMMANDS.get(kind) if isinstance(kind, int) else None
        if call is None:
            raise ArgumentError(f"is command {kind}, which this server does not support")
        try:
            arguments = call.read(values)
            depth = 1 + max((command.depth for command in arguments[-1]), default=0) if kind == SPAWN else 0
            if depth > MAX_DEPTH:
                raise ArgumentError(f"nests commands more than {MAX_DEPTH} deep")
        except ArgumentError as error:
            raise error.within(call.name) from None
        return cls(call, arguments, depth)


class BatchHandlers(VehicleHandlers):
    """Adds the call that runs many commands at once."""

    def apply_batch(self, commands: Annotated[list[Any], list_of(anything)], do_tick: Flag) -> list[Response]:
        """Run the commands in order. A rejected command changes nothing, and the others still run."""
        responses = [self._read_and_run(index, command) for index, command in enumerate(commands)]
        if do_tick and self._world.settings.synchronous:
            self._simulation.tick()
        return responses

    def _read_and_run(self, index: int, value: object) -> Response:
        try:
            command = Command.read(value)
        except (ArgumentError, RecursionError) as error:
            problem = f"apply_batch: command {index} {error}"
            log.warning(f"apply_batch {'.'.join(getattr(error, 'path', []))}", "rejected %s", problem)
            return failure(problem)
        return self._run(command, 0)

    def _run(self, command: Command, spawned: int) -> Response:
        """Run a command; where it names actor 0, it means ``spawned``, the actor that the enclosing command has spawned."""
        call, arguments, depth = command
        subject = 2 if depth else 0  # a spawn names the parent of the new actor
        if arguments[subject] == 0:
            arguments[subject] = spawned
        response: Response = call.function(self, *arguments)
        if response is not DONE:
            error = error_of(response)
            if error is not None:
                return failure(error)
        return response if depth else success(arguments[0])

    def _spawn(
        self,
        description: Description,
        transform: Transform,
        parent: OptionalActorId,
        attachment: Int32,
        socket: Text,
        do_after: Annotated[list[Command], list_of(Command.read)],
    ) -> Response:
        response = self.spawn_actor_with_parent(description, transform, parent or 0, attachment, socket)
        if error_of(response) is not None:
            return response
        actor_id: int = response[0][1][0]  # type: ignore[index]
        for command in do_after:
            self._run(command, actor_id)
        return success(actor_id)

    def _set_lights(self, actor_id: ActorId, flags: UInt32) -> VoidResponse:
        return self.set_vehicle_light_state(actor_id, [flags])


_COMMANDS = {
    SPAWN: Call.of(BatchHandlers._spawn, "SpawnActor"),
    1: Call.of(VehicleHandlers.destroy_actor, "DestroyActor"),
    2: Call.of(VehicleHandlers.apply_control_to_vehicle, "ApplyVehicleControl"),
    3: Call.of(VehicleHandlers.apply_ackermann_control_to_vehicle, "ApplyVehicleAckermannControl"),
    5: Call.of(VehicleHandlers.apply_physics_control, "ApplyVehiclePhysicsControl"),
    6: Call.of(VehicleHandlers.set_actor_transform, "ApplyTransform"),
    8: Call.of(VehicleHandlers.set_actor_target_velocity, "ApplyTargetVelocity"),
    9: Call.of(VehicleHandlers.set_actor_target_angular_velocity, "ApplyTargetAngularVelocity"),
    10: Call.of(VehicleHandlers.add_actor_impulse, "ApplyImpulse"),
    11: Call.of(VehicleHandlers.add_actor_force, "ApplyForce"),
    12: Call.of(VehicleHandlers.add_actor_angular_impulse, "ApplyAngularImpulse"),
    13: Call.of(VehicleHandlers.add_actor_torque, "ApplyTorque"),
    14: Call.of(VehicleHandlers.set_actor_simulate_physics, "SetSimulatePhysics"),
    16: Call.of(VehicleHandlers.set_actor_autopilot, "SetAutopilot"),
    18: Call.of(BatchHandlers._set_lights, "SetVehicleLightState"),
    19: Call.of(VehicleHandlers.set_actor_location, "ApplyLocation"),
}
