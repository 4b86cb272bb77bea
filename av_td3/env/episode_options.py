"""The ``options`` of ``reset``: what an episode is given beyond its seed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from av_td3.config.route_set import RouteSpec


@dataclass(frozen=True)
class EpisodeOptions:
    """Options of an episode.

    Attributes:
        route: to drive; None draws one.
        town: of the scenario's towns; None draws one. That of a route comes first.
        weather: of the scenario's weathers; None draws one.
        observe_traffic: whether ``info`` describes the other vehicles, as ``others``: float64 (n, 7), see other_vehicles.py.
        autopilot: whether the client's Traffic Manager drives the car along its route. The actions have no effect then.
        render: whether the episode can be rendered, where the environment has a render mode. False costs what no mode costs.

    """

    route: RouteSpec | None = None
    town: str | None = None
    weather: str | None = None
    observe_traffic: bool = False
    autopilot: bool = False
    render: bool = True


def episode_options(options: Mapping[str, Any] | None) -> EpisodeOptions:
    """The options of ``reset``. Raises ValueError for an unknown one."""
    known = [field.name for field in fields(EpisodeOptions)]
    unknown = sorted(set(options or {}) - set(known))
    if unknown:
        raise ValueError(f"options={{{unknown[0]!r}: ...}}: unknown; reset accepts {', '.join(known)}")
    return EpisodeOptions(**(options or {}))
