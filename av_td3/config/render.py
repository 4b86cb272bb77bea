"""What a rendered frame shows."""

from typing import Annotated

from av_td3.config.limits import Interval
from av_td3.config.schema import Schema

Offset = Annotated[float, Interval(-100.0, 100.0, "metres")]


class Render(Schema):
    """The frames of ``render``: the image of a camera on the car, and beside it a map of what is around the car.

    Args:
        x: of the camera, metres ahead of the car's centre.
        y: metres to the right of the car's centre.
        z: metres above the road.
        pitch: degrees, up positive.
        yaw: degrees, clockwise positive.
        fov: horizontal field of view in degrees.
        width: of the camera's image, pixels.
        height: of the camera's image and of the map, pixels.
        map_span: metres from edge to edge of the map.

    """

    x: Offset
    y: Offset
    z: Annotated[float, Interval(0.0, 100.0, "metres", open_low=True)]
    pitch: Annotated[float, Interval(-89.0, 89.0)]
    yaw: Annotated[float, Interval(-180.0, 180.0)]
    fov: Annotated[float, Interval(10.0, 170.0)]
    width: Annotated[int, Interval(160, 3840, "pixels")]
    height: Annotated[int, Interval(120, 2160, "pixels")]
    map_span: Annotated[float, Interval(10.0, 2000.0, "metres")]
