"""Writes Ring01: ``python -m av_td3.simulator.builtin.towns.ring01`` (needs scenariogeneration).

A roundabout with five arms and a smaller one with three. From the large one, a narrow road leads over a hill and back to it; a
dual carriageway, a street and a side road lead to the small one. Ways join and part, but none crosses another: where one that
turns left meets oncoming traffic, cars of CARLA's Traffic Manager can wait for each other for ever.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from av_td3.simulator.builtin.towns.lines import Bend, Pose, curve, link, walk
from av_td3.simulator.builtin.towns.network import End, Lane, Move, Network, Profile, outbound

DOCUMENT = Path(__file__).with_name("Ring01.xodr")
QUARTER = math.pi / 2.0
MERGE = 50.0  # m, length of the junctions where two lanes become one

ISLAND = Lane("median", 1.0)
PAVEMENT = Lane("sidewalk", 2.0)
MEDIAN = Lane("median", 1.5, "solid", "yellow")
RING_LANE = Lane("driving", 5.0, "solid")
RING = Profile((RING_LANE, PAVEMENT), (ISLAND,), "solid")


@dataclass(frozen=True)
class Roundabout:
    """A ring, driven counter-clockwise.

    Args:
        x: of its centre, m.
        y: of its centre, m.
        radius: of the inner edge of its lane, m.
        reach: from its centre to where its arms begin, m.
        mouth: from the direction of an arm to where its junction ends on the ring, degrees.
        arms: directions, degrees, ascending.

    """

    x: float
    y: float
    radius: float
    reach: float
    mouth: float
    arms: tuple[float, ...]

    def arm(self, number: int) -> Pose:
        """The inner end of an arm, heading outwards."""
        direction = math.radians(self.arms[number])
        return Pose(self.x + self.reach * math.cos(direction), self.y + self.reach * math.sin(direction), direction)

    def build(self, network: Network, arms: "list[Arm]") -> None:
        """Add its roads, and a junction at the end of each arm's road."""
        bend = 1.0 / self.radius
        pieces = []
        for here, after in zip(self.arms, (*self.arms[1:], self.arms[0] + 360.0), strict=True):
            angle, span = math.radians(here + self.mouth), math.radians(after - here - 2.0 * self.mouth)
            x, y = self.x + self.radius * math.cos(angle), self.y + self.radius * math.sin(angle)
            line = [Bend(self.radius * span, bend, bend)]
            pieces.append(network.road(Pose(x, y, angle + QUARTER), line, RING, 30))
        past = [Bend(self.radius * 2.0 * math.radians(self.mouth), bend, bend)]
        for number, arm in enumerate(arms):
            before, behind = End(pieces[number - 1], "end"), End(pieces[number], "start")
            moves = [
                Move(before, -1, behind, -1, bends=past, left=(ISLAND,)),
                Move(before, -1, arm.end, -outbound(arm.end, arm.lane)),
                Move(arm.end, outbound(arm.end, arm.lane), behind, -1),
            ]
            network.junction([before, behind, arm.end], moves, 30)


class Arm(NamedTuple):
    """The end of a road that meets a roundabout, and which lane from the middle leads there."""

    end: End
    lane: int = 1


LARGE = Roundabout(0.0, 0.0, radius=22.0, reach=46.0, mouth=26.0, arms=(0.0, 72.0, 144.0, 216.0, 288.0))
SMALL = Roundabout(
    194.0 * math.cos(math.radians(72.0)),
    194.0 * math.sin(math.radians(72.0)),
    radius=22.0,
    reach=46.0,
    mouth=26.0,
    arms=(72.0, 162.0, 252.0),
)


def street(width: float) -> Profile:
    side = (Lane("driving", width, "solid"), PAVEMENT)
    return Profile(side, side, "broken")


def divided_street(width: float) -> Profile:
    side = (MEDIAN, Lane("driving", width, "solid"), PAVEMENT)
    return Profile(side, side)


def narrow_road() -> Profile:
    side = (Lane("driving", 3.0, "solid"), Lane("shoulder", 0.75))
    return Profile(side, side, "solid solid", "yellow")


def dual_carriageway() -> Profile:
    side = (
        MEDIAN,
        Lane("driving", 3.5, "broken"),
        Lane("driving", 3.5, "solid"),
        Lane("shoulder", 1.5),
    )
    return Profile(side, side)


def write() -> str:
    """The OpenDRIVE document of Ring01."""
    network = Network("Ring01")
    east = network.road(LARGE.arm(0), [Bend(58.0)], divided_street(3.5), 50)
    dual = _dual_carriageway(network, _ahead(network.pose(End(east, "end")), MERGE))
    north = _northern_curve(network, _ahead(network.pose(End(dual, "end")), MERGE))
    middle = network.road(LARGE.arm(1), link(LARGE.arm(1), SMALL.arm(2).turned()), street(3.5), 40)
    side = _side_road(network)
    hill = _hill_road(network)
    _merge(network, End(east, "end"), End(dual, "start"))
    _merge(network, End(north, "start"), End(dual, "end"))
    ways = [Arm(End(road, "start")) for road in (middle, side, hill)]
    LARGE.build(network, [Arm(End(east, "start"), 2), *ways, Arm(End(hill, "end"))])
    SMALL.build(network, [Arm(End(north, "end"), 2), Arm(End(side, "end")), Arm(End(middle, "end"))])
    return network.text()


def _dual_carriageway(network: Network, start: Pose) -> int:
    line = [Bend(130.0), *curve(QUARTER, 120.0, 40.0), Bend(120.0), *curve(QUARTER, 90.0, 40.0), Bend(60.0)]
    rise = [(150.0, 0.0), (330.0, 3.0), (450.0, 3.0), (660.0, 0.0)]
    return network.road(start, line, dual_carriageway(), 70, rise)


def _northern_curve(network: Network, start: Pose) -> int:
    return network.road(start, link(start, SMALL.arm(0).turned()), divided_street(3.5), 50)


def _side_road(network: Network) -> int:
    line = [Bend(40.0), *curve(math.radians(-96.0), 60.0)]
    return network.road(LARGE.arm(2), _completed(LARGE.arm(2), line, SMALL.arm(1).turned()), street(3.25), 30)


def _hill_road(network: Network) -> int:
    line = [
        Bend(30.0),
        *curve(math.radians(54.0), 25.0),
        Bend(20.0),
        *curve(-QUARTER, 14.0),
        Bend(20.0),
        *curve(QUARTER, 12.0),
        Bend(30.0),
        *curve(QUARTER, 30.0),
    ]
    hill = [(20.0, 0.0), (170.0, 5.0), (220.0, 5.0), (380.0, 0.0)]
    return network.road(LARGE.arm(3), _completed(LARGE.arm(3), line, LARGE.arm(4).turned()), narrow_road(), 30, hill)


def _completed(start: Pose, line: list[Bend], end: Pose) -> list[Bend]:
    """A line with the bends that lead it on to a pose."""
    return [*line, *link(walk(start, line), end)]


def _ahead(pose: Pose, distance: float) -> Pose:
    return Pose(pose.x + distance * math.cos(pose.heading), pose.y + distance * math.sin(pose.heading), pose.heading)


def _merge(network: Network, street_end: End, dual_end: End) -> None:
    """A junction where two lanes become one, and the other way round; the inner lane leads straight on."""
    lane = outbound(street_end, 2)
    inner, outer = outbound(dual_end, 2), outbound(dual_end, 3)
    start, end = network.left_border(dual_end, outer), network.left_border(street_end, -lane).turned()
    late = [Bend(MERGE / 2.0), *link(_ahead(start, MERGE / 2.0), end)]
    network.junction(
        [street_end, dual_end],
        [
            Move(street_end, lane, dual_end, -inner),
            Move(street_end, lane, dual_end, -outer, right=(Lane("shoulder", 0.0, end_width=1.5),)),
            Move(dual_end, inner, street_end, -lane),
            Move(dual_end, outer, street_end, -lane, late, right=(Lane("shoulder", 1.5, end_width=0.0),)),
        ],
        50,
    )


if __name__ == "__main__":
    DOCUMENT.write_text(write())
