"""RPC handlers: one method for each name that the client calls.

A handler declares its arguments by their types (``arguments.py``), which are validated before it runs, and returns the response
in the wire's own form.
"""

import logging
from typing import Annotated, Any

from av_td3.config.plugins import PluginError
from av_td3.simulator.builtin.arguments import Flag, Text, UInt16, UInt32, integer, number, record, text
from av_td3.simulator.builtin.batch_handlers import BatchHandlers
from av_td3.simulator.builtin.scenery_handlers import SceneryHandlers
from av_td3.simulator.builtin.settings import SettingsRecord
from av_td3.simulator.builtin.simulation import Simulation
from av_td3.simulator.builtin.streams import EPISODE_STREAM
from av_td3.simulator.builtin.town import available_towns
from av_td3.simulator.builtin.wire import DONE, VERSION, Response, VoidResponse, failure, stream_token, success, void_failure

WEATHER = (
    "cloudiness",
    "precipitation",
    "precipitation_deposits",
    "wind_intensity",
    "sun_azimuth_angle",
    "sun_altitude_angle",
    "fog_density",
    "fog_distance",
    "fog_falloff",
    "wetness",
    "scattering_intensity",
    "mie_scattering_scale",
    "rayleigh_scattering_scale",
    "dust_storm",
)
WeatherRecord = Annotated[list[float], record(**dict.fromkeys(WEATHER, number()))]
TrafficManagerAddress = Annotated[list[Any], record(ip=text, port=integer(0, 2**16 - 1))]
log = logging.getLogger(__name__)


class RpcHandlers(BatchHandlers, SceneryHandlers):
    """All handlers: clients may call every public method of this class, by its name."""

    def __init__(self, simulation: Simulation):
        super().__init__(simulation)
        self._traffic_managers: dict[int, str] = {}

    # -- session -------------------------------------------------------------------------------------------------------

    def version(self) -> Response:
        return success(VERSION)

    def get_episode_info(self) -> Response:
        return success([self._world.episode, [stream_token(EPISODE_STREAM, self._stream_port)]])

    def get_sensor_token(self, stream: UInt32) -> Response:
        return success([stream_token(stream, self._stream_port)])

    def get_episode_settings(self) -> Response:
        return success(self._world.settings.wire)

    def set_episode_settings(self, settings: SettingsRecord) -> Response:
        self._world.settings.record = settings
        return success(self._world.frame)

    def tick_cue(self) -> Response:
        return success(self._simulation.tick() if self._world.settings.synchronous else self._world.frame)

    def get_map_info(self) -> Response:
        return success([self._world.town.name, self._world.town.spawn_points])

    def get_map_data(self) -> Response:
        return success(self._world.town.opendrive)

    def get_available_maps(self) -> Response:
        return success(available_towns())

    def get_required_files(self, folder: Text = "") -> Response:
        return success([])

    def request_file(self, name: Text) -> Response:
        return failure(f"no such file: {name}")

    def load_new_episode(self, name: Text, reset_settings: Flag = True, layers: UInt16 = 65535) -> VoidResponse:
        town = name.rsplit("/", 1)[-1] or self._world.town_name  # reload_world sends an empty name
        try:
            self._simulation.load(town)
        except KeyError:
            return void_failure(f"Map '{name}' not found")
        except PluginError as error:
            log.warning("%s", error)
            return void_failure(f"Map '{name}' cannot be loaded: {error}")
        self._traffic_managers.clear()
        if reset_settings:
            self._world.settings.reset()
        return DONE

    def get_weather_parameters(self) -> Response:
        return success(self._world.weather)

    def set_weather_parameters(self, weather: WeatherRecord) -> VoidResponse:
        self._world.set_weather(weather)
        return DONE

    # -- Traffic Manager registry --------------------------------------------------------------------------------------

    def is_traffic_manager_running(self, port: UInt16) -> Response:
        return success(port in self._traffic_managers)

    def get_traffic_manager_running(self, port: UInt16) -> Response:
        return success([self._traffic_managers.get(port, ""), port])

    def add_traffic_manager_running(self, address: TrafficManagerAddress) -> Response:
        self._traffic_managers[address[1]] = address[0]
        return success(True)

    def destroy_traffic_manager(self, port: UInt16) -> Response:
        return success(self._traffic_managers.pop(port, None) is not None)
