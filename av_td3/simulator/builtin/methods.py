"""The RPC methods: one function for each name that the client calls.

A method takes the call's arguments (without the metadata record) and returns the reply in the wire's own form. Calls that
the Traffic Manager makes from its own thread never fail for an actor that is gone: an error there would end the client.
"""

import math
from collections.abc import Callable

from av_td3.simulator.builtin.actors import Actor, Description, VehicleActor
from av_td3.simulator.builtin.blueprints import DEFINITIONS
from av_td3.simulator.builtin.broadcast import actor_record, bounding_box, publish
from av_td3.simulator.builtin.streams import EPISODE_STREAM, Streams
from av_td3.simulator.builtin.town import available_towns
from av_td3.simulator.builtin.vehicle import GRAVITY, Pedals
from av_td3.simulator.builtin.wire import (
    DONE,
    VERSION,
    Response,
    failure,
    pose_of,
    stream_token,
    success,
    void_failure,
)
from av_td3.simulator.builtin.world import SpawnError, World

NO_ACTOR = "actor not found"
Transform = list[list[float]]
Vector = list[float]


def _clip(value: float, low: float) -> float:
    return max(low, min(1.0, value))


class Methods:
    """The server's side of every call, by the names of the wire."""

    def __init__(self, world: World, streams: Streams, stream_port: int):
        self.world = world
        self.streams = streams
        self.stream_port = stream_port
        self._traffic_managers: dict[int, str] = {}

    def tick(self) -> int:
        """Advance the world and tell everybody; returns the new frame."""
        collisions = self.world.tick()
        publish(self.world, self.streams, collisions, self.stream_port)
        return self.world.frame

    # -- session -------------------------------------------------------------------------------------------------------

    def version(self) -> Response:
        return success(VERSION)

    def get_episode_info(self) -> Response:
        return success([self.world.episode, [stream_token(EPISODE_STREAM, self.stream_port)]])

    def get_sensor_token(self, stream: int) -> Response:
        self.streams.expect(stream)
        return success([stream_token(stream, self.stream_port)])

    def get_episode_settings(self) -> Response:
        return success(self.world.settings.record)

    def set_episode_settings(self, settings: list[object]) -> Response:
        self.world.settings.record = list(settings)
        return success(self.world.frame)

    def tick_cue(self) -> Response:
        return success(self.tick() if self.world.settings.synchronous else self.world.frame)

    def get_map_info(self) -> Response:
        return success([self.world.town.name, self.world.town.spawn_points])

    def get_map_data(self) -> Response:
        return success(self.world.town.opendrive)

    def get_available_maps(self) -> Response:
        return success(available_towns())

    def get_required_files(self, folder: str = "") -> Response:
        return success([])

    def request_file(self, name: str) -> Response:
        return failure(f"no such file: {name}")

    def load_new_episode(self, name: str, reset_settings: bool = True, layers: int = 65535) -> Response:
        town = name.rsplit("/", 1)[-1] or self.world.town_name  # reload_world sends an empty name
        listened = [sensor.stream for sensor in self.world.sensors if sensor.stream]
        try:
            self.world.load(town)
        except KeyError:
            return void_failure(f"Map '{name}' not found")
        for stream in listened:
            self.streams.forget(stream)
        self._traffic_managers.clear()
        if reset_settings:
            self.world.settings.reset()
        return DONE

    def get_weather_parameters(self) -> Response:
        return success(self.world.weather)

    def set_weather_parameters(self, weather: list[float]) -> Response:
        self.world.set_weather(weather)
        return DONE

    # -- actors --------------------------------------------------------------------------------------------------------

    def get_actor_definitions(self) -> Response:
        return success(DEFINITIONS)

    def get_spectator(self) -> Response:
        return success(actor_record(self.world.spectator, self.stream_port))

    def get_actors_by_id(self, ids: list[int]) -> Response:
        known = (self.world.actors.get(i) for i in ids)
        return success([actor_record(actor, self.stream_port) for actor in known if actor is not None])

    def spawn_actor(self, description: Description, transform: Transform) -> Response:
        return self.spawn_actor_with_parent(description, transform, 0)

    def spawn_actor_with_parent(
        self, description: Description, transform: Transform, parent: int, attachment: int = 0, socket: str = ""
    ) -> Response:
        try:
            return success(actor_record(self.world.spawn(description, pose_of(transform), parent), self.stream_port))
        except (SpawnError, ValueError) as error:
            return failure(str(error))

    def destroy_actor(self, actor_id: int) -> Response:
        return success(True) if self._destroy(actor_id) else failure("unable to destroy actor: not found")

    def _destroy(self, actor_id: int) -> bool:
        actor = self.world.destroy(actor_id)
        if actor is not None and actor.stream:
            self.streams.forget(actor.stream)
        return actor is not None

    def get_actor_bounding_box(self, actor_id: int) -> Response:
        actor = self.world.actors.get(actor_id)
        return success([[0.0] * 3, [0.0] * 3, [0.0] * 3, actor_id] if actor is None else bounding_box(actor))

    def _with_actor(self, actor_id: int, change: Callable[[Actor], object]) -> Response:
        actor = self.world.actors.get(actor_id)
        if actor is None:
            return void_failure(NO_ACTOR)
        change(actor)
        return DONE

    def _with_vehicle(self, actor_id: int, change: Callable[[VehicleActor], object]) -> Response:
        actor = self.world.actors.get(actor_id)
        if not isinstance(actor, VehicleActor):
            return void_failure(NO_ACTOR if actor is None else f"actor {actor_id} is no vehicle")
        change(actor)
        return DONE

    def set_actor_transform(self, actor_id: int, transform: Transform) -> Response:
        return self._with_actor(actor_id, lambda a: self.world.place(a, pose_of(transform)))

    def set_actor_location(self, actor_id: int, location: Vector) -> Response:
        return self._with_actor(actor_id, lambda a: self.world.place(a, [*location, *(a.relative or a.pose)[3:]]))

    def set_actor_target_velocity(self, actor_id: int, velocity: Vector) -> Response:
        return self._with_actor(actor_id, lambda a: self.world.set_velocity(a, velocity))

    def set_actor_target_angular_velocity(self, actor_id: int, velocity: Vector) -> Response:
        return self._with_vehicle(actor_id, lambda a: setattr(a.motion, "yaw_rate", math.radians(velocity[2])))

    def enable_actor_constant_velocity(self, actor_id: int, velocity: Vector) -> Response:
        return self._with_vehicle(actor_id, lambda a: setattr(a, "constant_velocity", list(velocity)))

    def disable_actor_constant_velocity(self, actor_id: int) -> Response:
        return self._with_vehicle(actor_id, lambda a: setattr(a, "constant_velocity", None))

    def set_actor_simulate_physics(self, actor_id: int, enabled: bool) -> Response:
        self._with_vehicle(actor_id, lambda a: setattr(a, "physics", bool(enabled)))
        return DONE

    def set_actor_autopilot(self, actor_id: int, enabled: bool) -> Response:
        return DONE  # driving is the Traffic Manager's, which lives in the client

    # -- vehicles ------------------------------------------------------------------------------------------------------

    def apply_control_to_vehicle(self, actor_id: int, control: list[float]) -> Response:
        throttle, steer, brake, hand_brake, reverse, manual, gear = control

        def apply(vehicle: VehicleActor) -> None:
            vehicle.pedals = Pedals(
                throttle=_clip(throttle, 0.0),
                steer=_clip(steer, -1.0),
                brake=_clip(brake, 0.0),
                hand_brake=bool(hand_brake),
                reverse=bool(reverse),
            )
            vehicle.manual_gear = (bool(manual), int(gear))

        if not all(math.isfinite(v) for v in (throttle, steer, brake)):
            return void_failure(f"control with a value that is no number: {throttle}, {steer}, {brake}")
        return self._with_vehicle(actor_id, apply)

    def get_physics_control(self, actor_id: int) -> Response:
        vehicle = self.world.actors.get(actor_id)
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

    def get_wheel_steer_angle(self, actor_id: int, wheel: int) -> Response:
        vehicle = self.world.actors.get(actor_id)
        front = isinstance(vehicle, VehicleActor) and wheel < 2
        return success(vehicle.model.max_steer * vehicle.pedals.steer if front else 0.0)  # type: ignore[union-attr]

    def get_vehicle_light_state(self, actor_id: int) -> Response:
        vehicle = self.world.actors.get(actor_id)
        return success([vehicle.lights if isinstance(vehicle, VehicleActor) else 0])

    def set_vehicle_light_state(self, actor_id: int, state: list[int]) -> Response:
        return self._with_vehicle(actor_id, lambda a: setattr(a, "lights", int(state[0])))

    def get_vehicle_light_states(self) -> Response:
        return success([[vehicle.id, vehicle.lights] for vehicle in self.world.vehicles])

    # -- Traffic Manager registry --------------------------------------------------------------------------------------

    def is_traffic_manager_running(self, port: int) -> Response:
        return success(port in self._traffic_managers)

    def get_traffic_manager_running(self, port: int) -> Response:
        return success([self._traffic_managers.get(port, ""), port])

    def add_traffic_manager_running(self, address: tuple[str, int]) -> Response:
        self._traffic_managers[address[1]] = address[0]
        return success(True)

    def destroy_traffic_manager(self, port: int) -> Response:
        return success(self._traffic_managers.pop(port, None) is not None)

    # -- what these towns do not have: lights, levels, terrain ---------------------------------------------------------

    def reset_all_traffic_lights(self) -> Response:
        return DONE

    def freeze_all_traffic_lights(self, frozen: bool) -> Response:
        return DONE

    def query_lights_state(self, client: str) -> Response:
        return success([])

    def update_lights_state(self, client: str, lights: list[object], discard: bool) -> Response:
        return DONE

    def get_all_level_BBs(self, tag: int) -> Response:
        return success([])

    def get_environment_objects(self, tag: int) -> Response:
        return success([])

    def get_names_of_all_objects(self) -> Response:
        return success([])

    def get_imui_gravity(self) -> Response:
        return success(GRAVITY)

    def draw_debug_shape(self, shape: list[object]) -> Response:
        return DONE

    def project_point(self, location: Vector, direction: Vector, distance: float) -> Response:
        height = location[2]
        hit = direction[2] < 0.0 <= height and height <= -direction[2] * distance
        k = height / -direction[2] if hit else 0.0
        return success([hit, [[location[0] + k * direction[0], location[1] + k * direction[1], 0.0], 1]])

    def cast_ray(self, start: Vector, end: Vector) -> Response:
        if start[2] * end[2] >= 0.0:
            return success([])
        k = start[2] / (start[2] - end[2])
        return success([[[start[0] + k * (end[0] - start[0]), start[1] + k * (end[1] - start[1]), 0.0], 1]])

    # -- batches -------------------------------------------------------------------------------------------------------

    def apply_batch(self, commands: list[list[list[object]]], do_tick: bool) -> list[Response]:
        replies = [self._command(command[0]) for command in commands]
        if do_tick and self.world.settings.synchronous:
            self.tick()
        return replies

    def _command(self, command: list[object], parent: int = 0) -> Response:
        """One command of a batch; ``parent`` stands in for the id 0 of an actor that is only being spawned."""
        kind: int = command[0]  # type: ignore[assignment]
        value: list[object] = command[1]  # type: ignore[assignment]
        if kind == 0:
            return self._spawn_command(value, parent)
        call = _COMMANDS.get(kind)
        if call is None:
            return failure(f"command {kind} is not supported by this server")
        actor_id, *arguments = value
        actor_id = actor_id or parent
        reply = call(self, actor_id, *arguments)
        void_error: list[object] = reply[0]  # type: ignore[assignment]
        return success(actor_id) if void_error[0] is False else failure(void_error[1][0])  # type: ignore[index]

    def _spawn_command(self, value: list[object], parent: int) -> Response:
        description, transform, optional_parent, _, _, then = value
        chosen: int = optional_parent[1] or parent if optional_parent[0] else 0  # type: ignore[index]
        try:
            actor = self.world.spawn(description, pose_of(transform), chosen)  # type: ignore[arg-type]
        except (SpawnError, ValueError) as error:
            return failure(str(error))
        for following in then:  # type: ignore[attr-defined]
            self._command(following[0], actor.id)
        return success(actor.id)

    def _destroy_command(self, actor_id: int) -> Response:
        return DONE if self._destroy(actor_id) else void_failure("unable to destroy actor: not found")

    def _light_command(self, actor_id: int, flags: int) -> Response:
        return self.set_vehicle_light_state(actor_id, [flags])


_COMMANDS: dict[int, Callable[..., Response]] = {
    1: Methods._destroy_command,
    2: Methods.apply_control_to_vehicle,
    6: Methods.set_actor_transform,
    8: Methods.set_actor_target_velocity,
    9: Methods.set_actor_target_angular_velocity,
    14: Methods.set_actor_simulate_physics,
    16: Methods.set_actor_autopilot,
    18: Methods._light_command,
    19: Methods.set_actor_location,
}
