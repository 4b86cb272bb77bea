"""Other cars, driven by CARLA's Traffic Manager, which lives in this process's client library."""

from typing import Any

import numpy as np

from av_td3.env.client_errors import try_spawn

CLEARANCE = 12.0  # m between the agent's car and the nearest other car at the start


class Traffic:
    """A number of cars that follow the rules of the road."""

    def __init__(self, client: Any, port: int):
        self._client = client
        self.port = port
        self._vehicles: list[Any] = []
        self._manager: Any = None

    def spawn(self, world: Any, spawn_points: list[Any], count: int, own: Any, rng: np.random.Generator) -> None:
        """Put cars on ``count`` random spawn points clear of the car at ``own``, fewer where there are not so many."""
        self._manager = self._client.get_trafficmanager(self.port)
        self._manager.set_synchronous_mode(True)
        self._manager.set_random_device_seed(int(rng.integers(2**31 - 1)))
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
            blueprint.set_attribute("role_name", "autopilot")
            if point.location.distance(own.location) > CLEARANCE:
                vehicle = try_spawn(world, blueprint, point)
                if vehicle is not None:
                    self._vehicles.append(vehicle)

    def start(self) -> None:
        """Hand the cars to the Traffic Manager; they must have been through one tick."""
        for vehicle in self._vehicles:
            vehicle.set_autopilot(True, self.port)

    @property
    def actors(self) -> list[Any]:
        """The cars."""
        return self._vehicles

    def stop(self) -> None:
        """End the Traffic Manager, so that the next episode's starts anew. The cars stay where they are."""
        if self._manager is not None:
            self._manager.shut_down()
        self._manager, self._vehicles = None, []
