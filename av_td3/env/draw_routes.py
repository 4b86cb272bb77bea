"""Draw a route set from a seed, and print it as a file of ``conf/routes/``.

python -m av_td3.env.draw_routes Ring01 --seed 3    # the town, or the path of an OpenDRIVE file
"""

import argparse
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import carla
import numpy as np

from av_td3.config.route_set import load_route_set
from av_td3.env.junction_turns import junction_turns
from av_td3.env.route import Route
from av_td3.env.route_planner import LaneKey, RoutePlanner, lane_key
from av_td3.env.town_roads import end_lanes
from av_td3.simulator.builtin.town import load_town

START_SPACING = 10.0  # m between the places of a lane where a route may start
MARGIN = 8.0  # m of a lane before its first and after its last place
SAME = 1.0  # m by which the route through the written positions may differ in length


class Wanted(NamedTuple):
    """The routes to draw: how many, the length of each (m), how many turn at a junction, and on how many lanes they end."""

    number: int
    length: float
    turning: int
    max_lanes: int


@dataclass(frozen=True)
class Candidate:
    """A route that may be drawn: its ends as waypoints, and how many junctions it turns at."""

    start: Any
    goal: Any
    route: Route
    turns: int

    @property
    def ends(self) -> set[LaneKey]:
        """Its first and its last lane."""
        return {lane_key(self.start), lane_key(self.goal)}


def draw(carla_map: Any, wanted: Wanted, avoid: Collection[LaneKey], seed: int) -> list[Candidate]:
    """Draw routes that start and end on streets, not in junctions.

    Args:
        carla_map: a ``carla.Map``.
        wanted: number and kind of the routes.
        avoid: lanes on which none starts or ends.
        seed: of the choice.

    Raises:
        ValueError: the map has too few such routes.

    """
    drawn: list[Candidate] = []
    lanes: set[LaneKey] = set()
    left = {True: wanted.turning, False: wanted.number - wanted.turning}
    for candidate in _candidates(carla_map, wanted.length, avoid, np.random.default_rng(seed)):
        alike = any(other.start.transform == candidate.start.transform for other in drawn)
        if left[candidate.turns > 0] and len(lanes | candidate.ends) <= wanted.max_lanes and not alike:
            drawn.append(candidate)
            lanes |= candidate.ends
            left[candidate.turns > 0] -= 1
        if len(drawn) == wanted.number:
            return drawn
    raise ValueError(f"only {len(drawn)} of {wanted.number} routes found; allow more lanes, or fewer turns")


def _candidates(carla_map: Any, length: float, avoid: Collection[LaneKey], rng: np.random.Generator) -> Iterator[Candidate]:
    planner = RoutePlanner(carla_map)
    starts = list(_starts(carla_map, avoid))
    for index in rng.permutation(len(starts)):
        route = planner.plan(starts[index], length, rng, avoid)
        x, y = route.points[-1]
        goal = carla_map.get_waypoint(carla.Location(x, y, starts[index].transform.location.z))
        if goal.is_junction or lane_key(goal) in avoid or route.length < length:
            continue
        again = planner.plan_through([carla_map.get_waypoint(carla.Location(*_written(end))) for end in (starts[index], goal)])
        if abs(again.length - route.length) < SAME:
            yield Candidate(
                starts[index], goal, route, sum(turn != "Straight" for turn in junction_turns(carla_map, route.points))
            )


def _written(place: Any) -> tuple[float, float, float]:
    """The position of a waypoint as a file has it, m. Where lanes meet, another one can be nearest to it."""
    location = place.transform.location
    return round(location.x, 2), round(location.y, 2), round(location.z, 2)


def _starts(carla_map: Any, avoid: Collection[LaneKey]) -> Iterator[Any]:
    for entry, _ in carla_map.get_topology():
        if entry.is_junction or lane_key(entry) in avoid:
            continue
        places = [entry, *entry.next_until_lane_end(START_SPACING)]
        rest = [place for place in places if lane_key(place) == lane_key(entry)]
        yield from (place for place in rest[1:-1] if place.transform.location.distance(rest[0].transform.location) > MARGIN)


def load_map(name: str) -> Any:
    """The map of a built-in town, or of an OpenDRIVE file, as a ``carla.Map``."""
    path = Path(name)
    return carla.Map(path.stem, path.read_text()) if path.suffix == ".xodr" else carla.Map(name, load_town(name).opendrive)


def as_yaml(town: str, routes: Sequence[Candidate], command: str) -> str:
    """The file of a set, with the command that drew it."""
    turning, turns = sum(one.turns > 0 for one in routes), sum(one.turns for one in routes)
    lanes: set[LaneKey] = set().union(*(one.ends for one in routes))
    ends = f"They start and end on {len(lanes)} lanes."
    lines = [
        f"# {len(routes)} routes: {turning} turn at a junction, {turns} times in all. {ends}",
        f"# Drawn before any driver was tried: {command}",
        f"town: {town}",
        "routes: # by id: start and goal, each x, y, z in metres",
    ]
    for number, one in enumerate(routes):
        listed = ", ".join("[{:.2f}, {:.2f}, {:.2f}]".format(*_written(end)) for end in (one.start, one.goal))
        lines.append(f"  {number}: [{listed}]")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("map", help="a built-in town, or the path of an OpenDRIVE file")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, default=20, help="routes (default: %(default)s)")
    parser.add_argument("--length", type=float, default=200.0, help="of each, m (default: %(default)s)")
    parser.add_argument("--turning", type=int, default=14, help="routes that turn at a junction (default: %(default)s)")
    parser.add_argument("--max-lanes", type=int, default=1000, help="on which they start and end (default: no limit)")
    parser.add_argument("--avoid", metavar="SET", help="a set on whose first and last lanes none starts or ends")
    chosen = parser.parse_args()
    carla_map = load_map(chosen.map)
    town = carla_map.name.rsplit("/", 1)[-1]
    avoid = set() if chosen.avoid is None else end_lanes(carla_map, load_route_set(chosen.avoid).of_towns([town]))
    routes = draw(carla_map, Wanted(chosen.count, chosen.length, chosen.turning, chosen.max_lanes), avoid, chosen.seed)
    words = [f"--{name.replace('_', '-')} {value}" for name, value in vars(chosen).items() if name != "map" and value]
    print(as_yaml(town, routes, f"python -m av_td3.env.draw_routes {Path(chosen.map).name} {' '.join(words)}"), end="")


if __name__ == "__main__":
    main()
