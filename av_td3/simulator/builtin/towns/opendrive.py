"""Reads OpenDRIVE documents.

Reference lines are made of lines, arcs and spirals; other shapes, superelevation and lane borders are not supported.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from av_td3.simulator.builtin.towns.roads import Lane, Link, Mark, Profile, Road, Section, Shape

KMH = {"km/h": 1.0, "mph": 1.609344, "m/s": 3.6, "": 3.6}  # of the unit of a speed; m/s where none is named


def read_opendrive(text: str) -> list[Road]:
    """Read the roads of an OpenDRIVE document, in its order.

    Raises:
        ValueError: a reference line has an unsupported shape, or a required attribute is missing or not a number.
        xml.etree.ElementTree.ParseError: the text is not XML.

    """
    return [_road(element) for element in ET.fromstring(text).iter("road")]


def _number(element: ET.Element, name: str) -> float:
    try:
        return float(element.attrib[name])
    except KeyError:
        raise ValueError(f"<{element.tag}> has no attribute {name}") from None


def _cubics(elements: Iterable[ET.Element], start: str) -> Profile:
    return Profile(tuple(_number(element, name) for name in (start, "a", "b", "c", "d")) for element in elements)


def _road(element: ET.Element) -> Road:
    length = _number(element, "length")
    sections = element.findall("lanes/laneSection")
    starts = [_number(section, "s") for section in sections]
    return Road(
        id=int(element.attrib["id"]),
        length=length,
        junction=int(element.attrib["junction"]),
        shapes=tuple(_shape(geometry) for geometry in element.iterfind("planView/geometry")),
        elevation=_cubics(element.iterfind("elevationProfile/elevation"), "s"),
        lane_offset=_cubics(element.iterfind("lanes/laneOffset"), "s"),
        sections=tuple(
            Section(start, end, tuple(_lane(lane) for lane in section.iterfind("*/lane")))
            for section, start, end in zip(sections, starts, [*starts[1:], length], strict=True)
        ),
        speeds=tuple(
            (_number(kind, "s"), _number(speed, "max") * KMH[speed.get("unit", "")])
            for kind in element.iterfind("type")
            for speed in kind.iterfind("speed")
        ),
        predecessor=_link(element.find("link/predecessor")),
        successor=_link(element.find("link/successor")),
    )


def _shape(geometry: ET.Element) -> Shape:
    kind = geometry[0]
    if kind.tag == "line":
        bends = (0.0, 0.0)
    elif kind.tag == "arc":
        bends = (_number(kind, "curvature"),) * 2
    elif kind.tag == "spiral":
        bends = (_number(kind, "curvStart"), _number(kind, "curvEnd"))
    else:
        raise ValueError(f"the geometry <{kind.tag}> is not supported; use line, arc or spiral")
    x, y, heading, length = (_number(geometry, name) for name in ("x", "y", "hdg", "length"))
    return Shape(x, y, heading, length, *bends)


def _link(element: ET.Element | None) -> Link | None:
    if element is None:
        return None
    return Link(element.attrib["elementType"], int(element.attrib["elementId"]), element.get("contactPoint", ""))


def _lane(element: ET.Element) -> Lane:
    marks = (
        Mark(
            _number(mark, "sOffset"),
            mark.attrib["type"],
            mark.get("color", "standard"),
            float(mark.attrib["width"]) if "width" in mark.attrib else None,
        )
        for mark in element.iterfind("roadMark")
    )
    before, after = element.find("link/predecessor"), element.find("link/successor")
    return Lane(
        id=int(element.attrib["id"]),
        kind=element.attrib["type"],
        width=_cubics(element.iterfind("width"), "sOffset"),
        marks=tuple(marks),
        predecessor=None if before is None else int(before.attrib["id"]),
        successor=None if after is None else int(after.attrib["id"]),
    )
