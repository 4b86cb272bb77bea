"""A road network, and its OpenDRIVE 1.4 document, which the client parses into its map.

OpenDRIVE's frame has y to the left; CARLA's y is its mirror image. Everything in this file is in OpenDRIVE's frame: s
runs along a road's reference line, t to the left of it, headings turn counter-clockwise.
"""

import math
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

LANE_WIDTH = 3.5  # m
SIDEWALK_WIDTH = 2.0  # m


@dataclass(frozen=True)
class Piece:
    """A segment of constant curvature: a line (0) or an arc (1/m, positive to the left)."""

    length: float
    curvature: float = 0.0


@dataclass(frozen=True)
class Contact:
    """One end of a road: ``at`` is "start" or "end"."""

    road: int
    at: str


@dataclass(frozen=True)
class JunctionContact:
    """A junction at the end of a road."""

    junction: int


@dataclass
class Road:
    """A two-way road, or inside a junction a one-lane road from one arm to another."""

    id: int
    x: float
    y: float
    heading: float
    pieces: list[Piece]
    speed_kmh: float
    junction: int = -1
    predecessor: Contact | JunctionContact | None = None
    successor: Contact | JunctionContact | None = None
    lane_from: int = -1  # junction roads: lane of the predecessor that leads in
    lane_to: int = -1  # junction roads: lane of the successor that leads out

    @property
    def length(self) -> float:
        """Length of the reference line in metres."""
        return sum(piece.length for piece in self.pieces)

    def at(self, s: float, t: float = 0.0) -> tuple[float, float, float]:
        """Position and heading at ``s`` metres along and ``t`` metres left of the reference line."""
        x, y, heading = self.x, self.y, self.heading
        for i, piece in enumerate(self.pieces):
            step = s if i == len(self.pieces) - 1 else min(s, piece.length)
            x, y, heading = _walk(x, y, heading, step, piece.curvature)
            s -= step
            if s <= 0.0:
                break
        return x - t * math.sin(heading), y + t * math.cos(heading), heading


@dataclass
class Junction:
    """The connections of one junction: (incoming road, connecting road, lane in, lane out)."""

    id: int
    connections: list[tuple[int, int, int, int]] = field(default_factory=list)


def _walk(x: float, y: float, heading: float, length: float, curvature: float) -> tuple[float, float, float]:
    if curvature == 0.0:
        return x + length * math.cos(heading), y + length * math.sin(heading), heading
    end = heading + length * curvature
    return x + (math.sin(end) - math.sin(heading)) / curvature, y - (math.cos(end) - math.cos(heading)) / curvature, end


def _plan_view(road: Road) -> str:
    out, s, x, y, heading = [], 0.0, road.x, road.y, road.heading
    for piece in road.pieces:
        shape = "<line/>" if piece.curvature == 0.0 else f'<arc curvature="{piece.curvature:.12g}"/>'
        out.append(
            f'<geometry s="{s:.12g}" x="{x:.12g}" y="{y:.12g}" hdg="{heading:.12g}" length="{piece.length:.12g}">'
            f"{shape}</geometry>"
        )
        x, y, heading = _walk(x, y, heading, piece.length, piece.curvature)
        s += piece.length
    return "<planView>" + "".join(out) + "</planView>"


def _road_link(road: Road) -> str:
    out = []
    for tag, contact in (("predecessor", road.predecessor), ("successor", road.successor)):
        if isinstance(contact, Contact):
            out.append(f'<{tag} elementType="road" elementId="{contact.road}" contactPoint="{contact.at}"/>')
        elif isinstance(contact, JunctionContact):
            out.append(f'<{tag} elementType="junction" elementId="{contact.junction}"/>')
    return "<link>" + "".join(out) + "</link>"


def _lane_link(road: Road, lane: int) -> str:
    if road.junction >= 0:
        return f'<link><predecessor id="{road.lane_from}"/><successor id="{road.lane_to}"/></link>'
    out = ""
    if isinstance(road.predecessor, Contact):
        out += f'<predecessor id="{lane if road.predecessor.at == "end" else -lane}"/>'
    if isinstance(road.successor, Contact):
        out += f'<successor id="{lane if road.successor.at == "start" else -lane}"/>'
    return f"<link>{out}</link>"


def _lane(road: Road, lane: int, kind: str, width: float, mark: str) -> str:
    return (
        f'<lane id="{lane}" type="{kind}" level="false">{_lane_link(road, lane)}'
        f'<width sOffset="0" a="{width:g}" b="0" c="0" d="0"/>'
        f'<roadMark sOffset="0" type="{mark}" weight="standard" color="white" width="0.15" laneChange="none"/></lane>'
    )


def _lanes(road: Road) -> str:
    if road.junction >= 0:
        left, right, centre = "", _lane(road, -1, "driving", LANE_WIDTH, "none"), "none"
    else:
        left = _lane(road, 2, "sidewalk", SIDEWALK_WIDTH, "none") + _lane(road, 1, "driving", LANE_WIDTH, "solid")
        right = _lane(road, -1, "driving", LANE_WIDTH, "solid") + _lane(road, -2, "sidewalk", SIDEWALK_WIDTH, "none")
        left, centre = f"<left>{left}</left>", "broken"
    return (
        f'<lanes><laneSection s="0">{left}<center><lane id="0" type="none" level="false">'
        f'<roadMark sOffset="0" type="{centre}" weight="standard" color="yellow" width="0.15" laneChange="none"/>'
        f"</lane></center><right>{right}</right></laneSection></lanes>"
    )


def _road(road: Road) -> str:
    return (
        f'<road name="Road {road.id}" length="{road.length:.12g}" id="{road.id}" junction="{road.junction}">'
        f'{_road_link(road)}<type s="0" type="town"><speed max="{road.speed_kmh:g}" unit="km/h"/></type>'
        f'{_plan_view(road)}<elevationProfile><elevation s="0" a="0" b="0" c="0" d="0"/></elevationProfile>'
        f"<lateralProfile/>{_lanes(road)}</road>"
    )


def _junction(junction: Junction) -> str:
    links = "".join(
        f'<connection id="{i}" incomingRoad="{incoming}" connectingRoad="{connecting}" contactPoint="start">'
        f'<laneLink from="{lane_in}" to="-1"/></connection>'
        for i, (incoming, connecting, lane_in, _) in enumerate(junction.connections)
    )
    return f'<junction id="{junction.id}" name="junction{junction.id}">{links}</junction>'


def to_xml(name: str, roads: list[Road], junctions: list[Junction]) -> str:
    """The OpenDRIVE document of a road network, anchored at 42 degrees north, 2 degrees east."""
    return (
        '<?xml version="1.0" standalone="yes"?><OpenDRIVE>'
        f'<header revMajor="1" revMinor="4" name={quoteattr(name)} version="1.00" date="2025-01-01" '
        'north="0" south="0" east="0" west="0"><geoReference><![CDATA[+proj=tmerc +lat_0=42.0 +lon_0=2.0 +k=1 '
        "+x_0=0 +y_0=0 +datum=WGS84]]></geoReference></header>"
        + "".join(_road(road) for road in roads)
        + "".join(_junction(junction) for junction in junctions)
        + "</OpenDRIVE>"
    )
