"""RPC handlers for what these towns lack (lights, levels, objects), and for rays that hit the ground."""
# ruff: noqa: N802 - names and arguments of the wire

from av_td3.simulator.builtin.arguments import Direction, Flag, Location, Number, Text, UInt8, Unused
from av_td3.simulator.builtin.vehicles.vehicle import GRAVITY
from av_td3.simulator.builtin.wire import DONE, Response, VoidResponse, success


class SceneryHandlers:
    """Handlers that need no world: there is no scenery, and the ground is the plane z = 0."""

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
        height = location[2]
        hit = direction[2] < 0.0 <= height and height <= -direction[2] * distance
        k = height / -direction[2] if hit else 0.0
        return success([hit, [[location[0] + k * direction[0], location[1] + k * direction[1], 0.0], 1]])

    def cast_ray(self, start: Location, end: Location) -> Response:
        if start[2] * end[2] >= 0.0:
            return success([])
        k = start[2] / (start[2] - end[2])
        return success([[[start[0] + k * (end[0] - start[0]), start[1] + k * (end[1] - start[1]), 0.0], 1]])
