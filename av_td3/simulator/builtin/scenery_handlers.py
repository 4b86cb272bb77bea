"""RPC handlers for what these towns lack (lights, levels, objects), and for rays that hit the ground."""
# ruff: noqa: N802 - names and arguments of the wire

import math

from av_td3.simulator.builtin.arguments import Direction, Flag, Location, Number, Text, UInt8, Unused
from av_td3.simulator.builtin.images.terrain import march, relief_bounds
from av_td3.simulator.builtin.vehicles.vehicle import GRAVITY
from av_td3.simulator.builtin.wire import DONE, Response, VoidResponse, success
from av_td3.simulator.builtin.world import World


class SceneryHandlers:
    """Handlers of what there is none of, and of the ground, without its kerbs."""

    _world: World

    def reset_all_traffic_lights(self) -> VoidResponse:
        return DONE

    def freeze_all_traffic_lights(self, frozen: Flag) -> VoidResponse:
        return DONE

    def query_lights_state(self, client: Text) -> Response:
        return success([])

    def update_lights_state(self, client: Text, lights: Unused, discard: Flag) -> VoidResponse:
        return DONE

    def get_all_level_BBs(self, tag: UInt8) -> Response:
        return success([])

    def get_environment_objects(self, tag: UInt8) -> Response:
        return success([])

    def get_names_of_all_objects(self) -> Response:
        return success([])

    def get_imui_gravity(self) -> Response:
        return success(GRAVITY)

    def draw_debug_shape(self, shape: Unused) -> VoidResponse:
        return DONE

    def project_point(self, location: Location, direction: Direction, distance: Number) -> Response:
        hit = self._ground_hit(location, direction, distance)
        return success([hit is not None, [hit or location, 1]])

    def cast_ray(self, start: Location, end: Location) -> Response:
        hit = self._ground_hit(start, [b - a for a, b in zip(start, end, strict=True)], 1.0)
        return success([] if hit is None else [[hit, 1]])

    def _ground_hit(self, start: list[float], way: list[float], longest: float) -> list[float] | None:
        """Where a ray first meets the ground, at most ``longest`` times its ``way`` from its start; None where it does not."""
        ground, length = self._world.town.ground, math.hypot(*way)
        if length == 0.0:
            return None
        unit = [component / length for component in way]
        if ground.relief is None:
            away = -start[2] / unit[2] if unit[2] < 0.0 <= start[2] else math.inf
        else:
            origin = (start[0] - ground.x0, start[1] - ground.y0, start[2])
            away = float(march(ground.relief, relief_bounds(ground.relief), *origin, *unit))
        if away > longest * length:
            return None
        return [a + away * b for a, b in zip(start, unit, strict=True)]
