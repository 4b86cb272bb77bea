"""Other cars, driven by CARLA's Traffic Manager, which runs in the client library."""

from typing import Any

import numpy as np

from av_td3.env.client_errors import try_spawn
from av_td3.env.junction_turns import Turn
from av_td3.env.world import ROLE

CLEARANCE = 12.0  # m between the agent's car and the nearest other car at the start


class Traffic:
    """Cars that the Traffic Manager drives.

    Args:
        client: a ``carla.Client``.
        port: for the Traffic Manager; a free one.
        hybrid_radius: metres around the agent's car within which the others have full physics; None: everywhere.

    """

    def __init__(self, client: Any, port: int, hybrid_radius: float | None = None):
        self._client = client
        self.port = port
        self._hybrid_radius = hybrid_radius
        self._vehicles: list[Any] = []
        self._manager: Any = None

    def spawn(self, world: Any, spawn_points: list[Any], count: int, own: Any, rng: np.random.Generator) -> None:
        """Spawn cars.

        Args:
            world: a ``carla.World`` in synchronous mode.
            spawn_points: transforms to choose from.
            count: number of cars; fewer where not enough spawn points are free.
            own: transform of the agent's car, from which the others keep ``CLEARANCE``.
            rng: chooses spawn points, models and colours, and seeds the Traffic Manager.

        """
        self._manager = self._client.get_trafficmanager(self.port)
        self._manager.set_synchronous_mode(True)
        self._manager.set_random_device_seed(int(rng.integers(2**31 - 1)))
        if self._hybrid_radius is not None:
            self._manager.set_hybrid_physics_mode(True)
            self._manager.set_hybrid_physics_radius(self._hybrid_radius)
        blueprints = [
            blueprint
            for blueprint in sorted(world.get_blueprint_library().filter("vehicle.*"), key=lambda b: str(b.id))
            if int(blueprint.get_attribute("number_of_wheels")) == 4
        ]
        order = rng.permutation(len(spawn_points))
        for point in (spawn_points[i] for i in order):
            if len(self._vehicles) == count:
                break
            blueprint = blueprints[rng.integers(len(blueprints))]
            if blueprint.has_attribute("color"):
                colors = blueprint.get_attribute("color").recommended_values
                blueprint.set_attribute("color", str(colors[rng.integers(len(colors))]))
            blueprint.set_attribute("role_name", ROLE)
            if point.location.distance(own.location) > CLEARANCE:
                vehicle = try_spawn(world, blueprint, point)
                if vehicle is not None:
                    self._vehicles.append(vehicle)

    def start(self) -> None:
        """Let the Traffic Manager drive the cars, which must have been through one tick."""
        for vehicle in self._vehicles:
            vehicle.set_autopilot(True, self.port)

    def drive(self, vehicle: Any, turns: list[Turn]) -> None:
        """Let the Traffic Manager drive a car in its lane, and take these turns at the next junctions.

        It could follow a path of positions, too (``set_path``), but leaves that at junctions.
        """
        vehicle.set_autopilot(True, self.port)
        self._manager.auto_lane_change(vehicle, False)
        self._manager.set_route(vehicle, turns)

    @property
    def actors(self) -> list[Any]:
        return self._vehicles

    def stop(self) -> None:
        """Shut down the Traffic Manager, so that the next episode starts a new one. The cars stay in the world."""
        if self._manager is not None:
            self._manager.shut_down()
        self._manager, self._vehicles = None, []
