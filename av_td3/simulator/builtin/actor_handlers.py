"""RPC handlers for actors: spawn, destroy and move them.

Calls that the Traffic Manager makes from its own thread never fail for an actor that no longer exists: an error in that thread
would abort the client.
"""

from collections.abc import Callable
from typing import Annotated

from av_td3.simulator.builtin.actors import Actor, VehicleActor
from av_td3.simulator.builtin.arguments import (
    ActorId,
    Description,
    Int32,
    Location,
    Text,
    Transform,
    Velocity,
    integer,
    list_of,
)
from av_td3.simulator.builtin.blueprints import DEFINITIONS
from av_td3.simulator.builtin.broadcast import actor_record, bounding_box
from av_td3.simulator.builtin.simulation import Simulation
from av_td3.simulator.builtin.wire import DONE, Response, VoidResponse, failure, success, void_failure
from av_td3.simulator.builtin.world import SpawnError

NO_ACTOR = "actor not found"

_id = integer(0, 2**32 - 1)
ActorIds = Annotated[list[int], list_of(_id)]


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
        return self._with_actor(actor_id, lambda a: setattr(a, "velocity", velocity))
