"""Writes the roads of a street plan as an OpenDRIVE 1.8 document, which the client parses into its map."""

import math
from xml.sax.saxutils import quoteattr

from av_td3.simulator.builtin.towns.streets import Contact, Junction, JunctionContact, Road

LANE_WIDTH = 3.5  # m
SIDEWALK_WIDTH = 2.0  # m


def _walk(x: float, y: float, heading: float, length: float, curvature: float) -> tuple[float, float, float]:
    if curvature == 0.0:
        return x + length * math.cos(heading), y + length * math.sin(heading), heading
    end = heading + length * curvature
    return x + (math.sin(end) - math.sin(heading)) / curvature, y - (math.cos(end) - math.cos(heading)) / curvature, end


def _plan_view(road: Road) -> str:
    out, s, x, y, heading = [], 0.0, road.x, road.y, road.heading
    for piece in road.pieces:
        shape = "<line/>" if piece.curvature == 0.0 else f'<arc curvature="{piece.curvature!r}"/>'
        out.append(f'<geometry s="{s!r}" x="{x!r}" y="{y!r}" hdg="{heading!r}" length="{piece.length!r}">{shape}</geometry>')
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


def _speeds(road: Road) -> str:
    return "".join(f'<type s="{s!r}" type="town"><speed max="{kmh:g}" unit="km/h"/></type>' for s, kmh in road.speeds)


def _road(road: Road) -> str:
    return (
        f'<road name="Road {road.id}" length="{road.length!r}" id="{road.id}" junction="{road.junction}">'
        f"{_road_link(road)}{_speeds(road)}"
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
        f'<header revMajor="1" revMinor="8" name={quoteattr(name)} version="1.00" date="2025-01-01" '
        'north="0" south="0" east="0" west="0"><geoReference><![CDATA[+proj=tmerc +lat_0=42.0 +lon_0=2.0 +k=1 '
        "+x_0=0 +y_0=0 +datum=WGS84]]></geoReference></header>"
        + "".join(_road(road) for road in roads)
        + "".join(_junction(junction) for junction in junctions)
        + "</OpenDRIVE>"
    )
