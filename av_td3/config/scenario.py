"""The task of an episode."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import model_validator

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Count, Form, Interval
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
    """A reason for which an episode ends. Derive from it to add another, with its own keys as fields.

    ``reached`` is asked once in every step. What it has to remember goes into private attributes, which ``reset`` clears.
    """

    truncates: ClassVar[bool] = False  # True: the episode is cut off, and its last state still has a value (a time limit)
    completes_route: ClassVar[bool] = False  # True: the task is done

    def reset(self) -> None:
        """A new episode begins."""

    @abstractmethod
    def reached(self, state: Any) -> bool:
        """Whether the episode ends with this DrivingState."""


class Scenario(Schema):
    """Where the car drives, beside whom, and when that ends.

    Derive from it to add a scenario with keys of its own.
    """

    town: Annotated[str, Form(r"[\w/.-]+", "the name of a map, such as Town01")] | None
    spawn_point: Annotated[int, Interval(0, 1e6)] | None
    route_length: Annotated[float, Interval(10.0, 1e5, "metres")]
    vehicle: Annotated[str, Form(r"vehicle\.[\w.-]+", "a blueprint of a vehicle, such as vehicle.tesla.model3")]
    npc_vehicles: Annotated[int, Interval(0, 500)]
    weather: Weather
    max_episode_steps: Count
    warmup_ticks: Annotated[int, Interval(1, 1000)]
    goal_radius: Metres
    off_road_patience: Patience
    out_of_lane_patience: Patience
    endings: dict[str, Annotated[Ending, ByTarget()]]

    @model_validator(mode="after")
    def _names_are_free(self) -> "Scenario":
        for name in OTHER_ENDINGS & self.endings.keys():
            raise ConfigError(f"scenario.endings.{name}: is what an episode without an ending is called; choose another name")
        return self

    @model_validator(mode="after")
    def _goal_lies_ahead(self) -> "Scenario":
        if self.route_length <= self.goal_radius:
            raise ConfigError(
                f"scenario.route_length={self.route_length}: must be more than scenario.goal_radius={self.goal_radius}, or "
                "each episode begins at its goal"
            )
        return self
