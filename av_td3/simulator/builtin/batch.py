"""The commands of ``apply_batch``: each does what a method does, and has a reply of its own."""

import logging
from typing import Annotated, Any, NamedTuple

from av_td3.simulator.builtin.actor_methods import ActorMethods
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
    refuse,
    several,
)
from av_td3.simulator.builtin.throttled_log import ThrottledLog
from av_td3.simulator.builtin.wire import DONE, Response, VoidResponse, error_of, failure, success

SPAWN = 0
MAX_DEPTH = 10  # of commands that follow a spawn that follows a spawn
log = ThrottledLog(logging.getLogger(__name__))


class Command(NamedTuple):
    """One command with its arguments read."""

    call: Call
    arguments: list[Any]
    depth: int  # 0, or for a spawn one more than that of the commands that follow it

    @classmethod
    def read(cls, value: object) -> "Command":
        """A command as the wire brings it, ``[[kind, arguments]]``. Raises ArgumentError."""
        variant = value[0] if isinstance(value, list) and len(value) == 1 else None
        if not (isinstance(variant, list) and len(variant) == 2 and isinstance(variant[1], list)):
            raise refuse("a command [[kind, arguments]]", value)
        kind, values = variant
        call = _COMMANDS.get(kind) if isinstance(kind, int) else None
        if call is None:
            raise ArgumentError(f"is command {kind}, which this server does not support")
        try:
            arguments = call.read(values)
            depth = 1 + max((command.depth for command in arguments[-1]), default=0) if kind == SPAWN else 0
            if depth > MAX_DEPTH:
                raise ArgumentError(f"is followed by commands more than {MAX_DEPTH} deep")
        except ArgumentError as error:
            raise error.within(call.name) from None
        return cls(call, arguments, depth)


class BatchMethods(ActorMethods):
    """The method that runs many commands at once."""

    def apply_batch(self, commands: Annotated[list[Any], several(anything)], do_tick: Flag) -> list[Response]:
        """Run the commands one after another. One that is refused has done nothing, and the others run."""
        replies = [self._read_and_run(index, command) for index, command in enumerate(commands)]
        if do_tick and self._world.settings.synchronous:
            self._simulation.tick()
        return replies

    def _read_and_run(self, index: int, value: object) -> Response:
        try:
            command = Command.read(value)
        except (ArgumentError, RecursionError) as error:
            problem = f"apply_batch: command {index} {error}"
            log.warning(f"apply_batch {'.'.join(getattr(error, 'path', []))}", "refused %s", problem)
            return failure(problem)
        return self._run(command, 0)

    def _run(self, command: Command, spawned: int) -> Response:
        """Run a command; ``spawned`` is the actor that did not exist when it was written, and that it calls 0."""
        call, arguments, depth = command
        subject = 2 if depth else 0  # what a spawn names is the actor that carries the new one
        if arguments[subject] == 0:
            arguments[subject] = spawned
        reply: Response = call.function(self, *arguments)
        if reply is not DONE:
            error = error_of(reply)
            if error is not None:
                return failure(error)
        return reply if depth else success(arguments[0])

    def _spawn(
        self,
        description: Description,
        transform: Transform,
        parent: OptionalActorId,
        attachment: Int32,
        socket: Text,
        do_after: Annotated[list[Command], several(Command.read)],
    ) -> Response:
        reply = self.spawn_actor_with_parent(description, transform, parent or 0, attachment, socket)
        if error_of(reply) is not None:
            return reply
        actor_id: int = reply[0][1][0]  # type: ignore[index]
        for command in do_after:
            self._run(command, actor_id)
        return success(actor_id)

    def _set_lights(self, actor_id: ActorId, flags: UInt32) -> VoidResponse:
        return self.set_vehicle_light_state(actor_id, [flags])


_COMMANDS = {
    SPAWN: Call.of(BatchMethods._spawn, "SpawnActor"),
    1: Call.of(ActorMethods.destroy_actor, "DestroyActor"),
    2: Call.of(ActorMethods.apply_control_to_vehicle, "ApplyVehicleControl"),
    6: Call.of(ActorMethods.set_actor_transform, "ApplyTransform"),
    8: Call.of(ActorMethods.set_actor_target_velocity, "ApplyTargetVelocity"),
    9: Call.of(ActorMethods.set_actor_target_angular_velocity, "ApplyTargetAngularVelocity"),
    14: Call.of(ActorMethods.set_actor_simulate_physics, "SetSimulatePhysics"),
    16: Call.of(ActorMethods.set_actor_autopilot, "SetAutopilot"),
    18: Call.of(BatchMethods._set_lights, "SetVehicleLightState"),
    19: Call.of(ActorMethods.set_actor_location, "ApplyLocation"),
}
