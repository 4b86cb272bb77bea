"""The task of an episode: route, traffic and endings."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Count, Form, Interval
from av_td3.config.route_set import RouteSetName, Town, load_route_set
from av_td3.config.schema import ByTarget, Schema

Patience = Annotated[float, Interval(0.0, 3600.0, "seconds")]
Metres = Annotated[float, Interval(0.0, 100.0, "metres", open_low=True)]
Weather = Literal[  # the presets of carla.WeatherParameters in CARLA 0.9.16
    "ClearNight", "ClearNoon", "ClearSunset", "CloudyNight", "CloudyNoon", "CloudySunset", "Default", "DustStorm",
    "HardRainNight", "HardRainNoon", "HardRainSunset", "MidRainSunset", "MidRainyNight", "MidRainyNoon",
    "SoftRainNight", "SoftRainNoon", "SoftRainSunset", "WetCloudyNight", "WetCloudyNoon", "WetCloudySunset",
    "WetNight", "WetNoon", "WetSunset",
]  # fmt: skip
OTHER_ENDINGS = {"unfinished", "lost", "skipped"}  # in episodes.csv


class Ending(Schema, ABC):
    """A condition that ends an episode.

    Derive from it to add an ending. Its configuration keys are the fields of the class. State that it keeps during an episode
    is in private attributes, which ``reset`` clears.
    """

    truncates: ClassVar[bool] = False  # True: truncated, not terminated (a time limit), so the target bootstraps
    completes_route: ClassVar[bool] = False  # True: the episode is a success

    def reset(self) -> None:
        """Clear the state of the previous episode. Called before each episode."""

    @abstractmethod
    def reached(self, state: Any) -> bool:
        """Whether the episode ends with this step. Called once per step.

        Args:
            state: the DrivingState after the step.

        """


class Scenario(Schema):
    """Where the car drives, among how many other cars, and when the episode ends.

    Derive from it to add keys.
    """

    town: Town | Annotated[list[Town], Field(min_length=1)] | None
    town_every_episodes: Count
    spawn_point: Annotated[int, Interval(0, 1e6)] | None
    route_length: Annotated[float, Interval(10.0, 1e5, "metres")]
    vehicle: Annotated[str, Form(r"vehicle\.[\w.-]+", "a blueprint of a vehicle, such as vehicle.tesla.model3")]
    npc_vehicles: Annotated[int, Interval(0, 500)]
    weather: Weather | Annotated[list[Weather], Field(min_length=1)]
    validation_routes: RouteSetName | None
    test_routes: RouteSetName | None
    max_episode_steps: Count
    warmup_ticks: Annotated[int, Interval(1, 1000)]
    goal_radius: Metres
    off_road_patience: Patience
    out_of_lane_patience: Patience
    endings: dict[str, Annotated[Ending, ByTarget()]]

    @model_validator(mode="after")
    def _names_are_free(self) -> "Scenario":
        for name in OTHER_ENDINGS & self.endings.keys():
            raise ConfigError(f"scenario.endings.{name}: is reserved for episodes without an ending; choose another name")
        return self

    @property
    def towns(self) -> list[str]:
        """The maps to drive in; empty where the server's map is kept."""
        return self.town if isinstance(self.town, list) else [] if self.town is None else [self.town]

    @property
    def weathers(self) -> list[str]:
        """The weather presets to drive in."""
        return list(self.weather) if isinstance(self.weather, list) else [self.weather]

    @model_validator(mode="after")
    def _routes_exist(self) -> "Scenario":
        for key in ("validation_routes", "test_routes"):
            name = getattr(self, key)
            if name is not None:
                try:
                    load_route_set(name)
                except ConfigError as error:
                    raise ConfigError(f"scenario.{key}={name}: {str(error).removeprefix(f'routes {name}: ')}") from None
        return self

    @model_validator(mode="after")
    def _goal_lies_ahead(self) -> "Scenario":
        if self.route_length <= self.goal_radius:
            raise ConfigError(
                f"scenario.route_length={self.route_length}: must be more than scenario.goal_radius={self.goal_radius}, or "
                "each episode starts at its goal"
            )
        return self
