"""Towns: each is built from an OpenDRIVE document, of our own or written from a street plan."""

import math
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from zlib import crc32

import numpy as np

from av_td3.config.plugins import PluginError, load
from av_td3.simulator.builtin.towns.ground import RELIEF_SPACING, RESOLUTION, Ground, draw_labels
from av_td3.simulator.builtin.towns.opendrive import read_opendrive
from av_td3.simulator.builtin.towns.plan import Plan, check_plan
from av_td3.simulator.builtin.towns.relief import draw_relief
from av_td3.simulator.builtin.towns.roads import Road
from av_td3.simulator.builtin.towns.scenery import Building, Lamp, Tree, place_buildings, place_lamps, place_trees
from av_td3.simulator.builtin.towns.speed_limits import draw_speed_limits
from av_td3.simulator.builtin.towns.streets import SPEED_LIMIT, build_streets
from av_td3.simulator.builtin.towns.streets_xml import to_xml
from av_td3.simulator.builtin.towns.strips import lay_strips

__all__ = [
    "GROUP",
    "PLANS",
    "Building",
    "Lamp",
    "Plan",
    "Town",
    "Tree",
    "available_towns",
    "find_plan",
    "load_town",
    "town_names",
]

SPAWN_SPACING = 22.0  # m between spawn points of one lane
SPAWN_MARGIN = 12.0  # m between them and the ends of the road
SPAWN_HEIGHT = 0.3  # m above the road
MARGIN = 70.0  # m of grass around the roads
GROUP = "av_td3.towns"  # of the entry points by which other packages add towns: the name of a town, and its Plan


@dataclass(frozen=True)
class Town:
    """The static part of a world."""

    name: str
    opendrive: str
    spawn_points: list[list[list[float]]]  # [[x, y, z], [pitch, yaw, roll]] in CARLA's frame
    ground: Ground
    buildings: list[Building]
    speed_limit_kmh: float = SPEED_LIMIT  # where no road has one of its own
    trees: tuple[Tree, ...] = ()
    lamps: tuple[Lamp, ...] = ()

    def speed_limit_at(self, x: float, y: float) -> float:
        """Speed limit at (x, y), m, in km/h."""
        limits = self.ground.speed_limits
        row, column = round((y - self.ground.y0) / RELIEF_SPACING), round((x - self.ground.x0) / RELIEF_SPACING)
        inside = 0 <= row < limits.shape[0] and 0 <= column < limits.shape[1]
        return float(limits[row, column]) or self.speed_limit_kmh if inside else self.speed_limit_kmh


PLANS: dict[str, Plan | Path] = {  # a plan, or an OpenDRIVE document
    # 3.4 km of streets: 4 curved corners, T junctions along the rim and where a street is missing, crosses inside.
    "Suburb01": Plan(
        columns=5,
        rows=4,
        width=150.0,
        depth=130.0,
        missing=frozenset({((1, 1), (2, 1)), ((3, 1), (3, 2))}),
        bends=(((1, 0), (2, 0), 1), ((0, 1), (0, 2), 1), ((2, 2), (3, 2), -1), ((4, 1), (4, 2), -1), ((2, 3), (3, 3), -1)),
    ),
    # 0.75 km without a junction: straights, curves and one bend. Quick to load, easy to drive.
    "Loop01": Plan(columns=2, rows=2, width=240.0, depth=160.0, bends=(((0, 0), (1, 0), 1),)),
    # 2.9 km with the ways through its two roundabouts; a dual carriageway, a hill. For tests: nothing is trained on it.
    "Ring01": Path(__file__).with_name("towns") / "Ring01.xodr",
}


TRUNK, POLE = 0.25, 0.1  # m, half the thickness of a tree's trunk and a lamp's pole


def obstacle_outlines(town: Town) -> list[tuple[float, float, float, float, float]]:
    """What cars collide with: x, y, yaw (degrees), half length and half width of each."""
    buildings = [(b.x, b.y, b.yaw, b.half_length, b.half_width) for b in town.buildings]
    posts = [(tree.x, tree.y, TRUNK) for tree in town.trees] + [(lamp.x, lamp.y, POLE) for lamp in town.lamps]
    return buildings + [(x, y, 0.0, half, half) for x, y, half in posts]


def town_names() -> list[str]:
    """Our own towns, then those of other packages, of which nothing is imported."""
    return [*PLANS, *sorted(entry_points(group=GROUP).names - PLANS.keys())]


def available_towns() -> list[str]:
    """Names of all towns in CARLA's form, ``/Game/Carla/Maps/...``."""
    return [f"/Game/Carla/Maps/{name}" for name in town_names()]


def find_plan(name: str) -> Plan | Path:
    """The plan or the document of a town by its short name; our own towns come before those of other packages.

    Raises:
        KeyError: there is no such town.
        PluginError: another package's entry point cannot be imported, or is no Plan of which a town can be built.

    """
    if name in PLANS:
        return PLANS[name]
    for entry_point in entry_points(group=GROUP, name=name):
        plan = load(entry_point)
        if not isinstance(plan, Plan):
            raise PluginError(entry_point, f"must be an object of {__name__}.{Plan.__qualname__}")
        try:
            check_plan(plan)
        except (ValueError, TypeError) as error:
            raise PluginError(entry_point, f"cannot be built: {error}") from error
        return plan
    raise KeyError(name)


@cache
def load_town(name: str) -> Town:
    """Build a town.

    Args:
        name: short name, such as ``Suburb01``.

    Raises:
        KeyError: there is no such town.
        PluginError: it is another package's, and cannot be loaded.

    """
    plan = find_plan(name)
    opendrive = plan.read_text() if isinstance(plan, Path) else to_xml(name, *build_streets(plan))
    roads, seed = read_opendrive(opendrive), crc32(name.encode())
    ground = _draw_ground(roads, seed)
    buildings = place_buildings(roads, ground, seed)
    lamps = place_lamps(roads, ground)
    return Town(
        name=f"Carla/Maps/{name}",
        opendrive=opendrive,
        spawn_points=_spawn_points(roads),
        ground=ground,
        buildings=buildings,
        trees=place_trees(roads, ground, buildings, lamps, seed),
        lamps=lamps,
    )


def _draw_ground(roads: list[Road], seed: int) -> Ground:
    outline = np.array([road.at(s)[:2] for road in roads for s in np.linspace(0.0, road.length, 20).tolist()])
    x0, y0 = (outline.min(axis=0) - MARGIN).tolist()
    width, height = outline.max(axis=0) + MARGIN - (x0, y0)
    strips = lay_strips(roads)
    coarse = (math.ceil(height / RELIEF_SPACING) + 1, math.ceil(width / RELIEF_SPACING) + 1)
    # a width of so many squares but for rounding has no square more
    squares = (math.ceil(height / RESOLUTION - 1e-6), math.ceil(width / RESOLUTION - 1e-6))
    return Ground(
        draw_labels(strips, (x0, y0), squares, seed),
        x0,
        y0,
        strips,
        draw_relief(roads, (x0, y0), coarse),
        draw_speed_limits(roads, (x0, y0), coarse),
    )


def _spawn_points(roads: list[Road]) -> list[list[list[float]]]:
    """Points in the middle of all driving lanes of every street, clear of its ends."""
    out = []
    for road in (r for r in roads if r.junction < 0 and r.length > 2 * SPAWN_SPACING):
        for s in np.arange(SPAWN_MARGIN, road.length - SPAWN_MARGIN, SPAWN_SPACING):
            section = road.section(s)
            edges = road.edges(section, s)
            height, slope = float(road.elevation(s)), float(road.elevation.slope(s))
            for lane in sorted(section.lanes, key=lambda lane: (lane.id > 0, abs(lane.id))):
                if lane.kind == "driving":
                    x, y, heading = road.at(float(s), float(sum(edges[lane.id])) / 2.0)
                    turned, climb = (math.pi, -slope) if lane.id > 0 else (0.0, slope)
                    yaw = (math.degrees(heading - turned) + 180.0) % 360.0 - 180.0
                    pitch = math.degrees(math.atan(climb)) + 0.0  # no -0.0
                    out.append([[x, y, height + SPAWN_HEIGHT], [pitch, yaw, 0.0]])
    return out
