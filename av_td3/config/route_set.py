"""Sets of fixed routes: files of ``conf/routes/``, your own YAML files, and route files of the CARLA leaderboard (XML)."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, model_validator

from av_td3.config.conf_folder import CONF
from av_td3.config.errors import ConfigError
from av_td3.config.limits import Form, Interval
from av_td3.config.schema import Schema
from av_td3.config.validation import typed

FOLDER = CONF / "routes"
Town = Annotated[str, Form(r"[\w/.-]+", "the name of a map, such as Town01")]
Coordinate = Annotated[float, Interval(-1e6, 1e6, "metres")]
ROUTE_WEATHER = "route"  # name of a weather that is not a preset, but that of the route
RouteSetName = Annotated[str, AfterValidator(lambda name: str(Path(name).resolve()) if is_file_name(name) else name)]
Position = Annotated[list[Coordinate], Field(min_length=3, max_length=3)]
WEATHER_FIELDS = (  # attributes of a leaderboard file's weather that carla.WeatherParameters has under the same name
    "cloudiness", "precipitation", "precipitation_deposits", "wind_intensity", "sun_azimuth_angle", "sun_altitude_angle",
    "fog_density", "fog_distance", "fog_falloff", "wetness", "scattering_intensity", "mie_scattering_scale",
    "rayleigh_scattering_scale", "dust_storm",
)  # fmt: skip


class RouteSpec(Schema):
    """A route: where it starts and ends, and the positions between that it passes, each x, y, z in CARLA's frame (m).

    ``weather`` holds parameters of ``carla.WeatherParameters``; empty: that of the scenario.
    """

    id: Annotated[str, Field(min_length=1)]
    town: Town
    positions: Annotated[list[Position], Field(min_length=2)]
    weather: dict[str, Annotated[float, Interval(-1e6, 1e6)]]


class RouteSet(Schema):
    """Routes, with the name under which the set was found."""

    name: str
    routes: Annotated[list[RouteSpec], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_differ(self) -> "RouteSet":
        ids = [route.id for route in self.routes]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise ConfigError(f"routes {self.name}: two routes have the id {twice}")
        return self

    def of_towns(self, towns: list[str]) -> list[RouteSpec]:
        """Those of its routes that lie in one of these towns."""
        return [route for route in self.routes if route.town in towns]


def is_file_name(name: str) -> bool:
    """Whether a name of a route set is the path of a file, and not of a set of ``conf/routes/``."""
    return "/" in name or name.endswith((".yaml", ".xml"))


def load_route_set(name: str) -> RouteSet:
    """Read a route set.

    Args:
        name: of a file in ``conf/routes/``, or path of a .yaml or .xml file.

    Raises:
        ConfigError: there is no such file, or it does not describe routes.

    """
    path = Path(name) if is_file_name(name) else FOLDER / f"{name}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml")))
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise ConfigError(f"routes {name}: {reason}; conf/routes/ has {known}, or name a .yaml or .xml file") from None
    try:
        routes = _from_xml(text) if path.suffix == ".xml" else _from_yaml(text)
    except (ET.ParseError, yaml.YAMLError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConfigError(f"routes {name}: not a file of routes ({reason})") from None
    try:
        specs = [typed(route, RouteSpec, f"route {route['id']}: ") for route in routes]
        return typed({"name": name, "routes": specs}, RouteSet)
    except ConfigError as error:
        raise ConfigError(f"routes {name}: {str(error).removeprefix(f'routes {name}: ')}") from None


def _from_yaml(text: str) -> list[dict[str, Any]]:
    """A mapping with ``town``, and ``routes``: lists of positions by id."""
    content = yaml.safe_load(text)
    town, routes = content["town"], content["routes"].items()
    return [{"id": str(key), "town": town, "positions": positions, "weather": {}} for key, positions in routes]


def _from_xml(text: str) -> list[dict[str, Any]]:
    """Routes of the CARLA leaderboard: of version 2 (``waypoints/position``) or 1 (``waypoint``)."""
    return [
        {
            "id": route.attrib["id"],
            "town": route.attrib["town"],
            "positions": [[float(point.attrib[axis]) for axis in "xyz"] for point in _points(route)],
            "weather": _weather(route),
        }
        for route in ET.fromstring(text).iter("route")
    ]


def _points(route: ET.Element) -> Iterator[ET.Element]:
    yield from route.findall("waypoints/position") or route.findall("waypoint")


def _weather(route: ET.Element) -> dict[str, float]:
    """The weather at the start of a route."""
    found = route.find("weathers/weather") if route.find("weathers") is not None else route.find("weather")
    given = {} if found is None else found.attrib
    return {name: float(given[name]) for name in WEATHER_FIELDS if name in given}
