"""Draws a frame: the camera's image, the map beside it, and a strip with numbers below."""

import numpy as np

from av_td3.config.render import Render
from av_td3.env.rendering.map_view import draw_map
from av_td3.env.rendering.painting import Frame
from av_td3.env.rendering.scene import Scene
from av_td3.env.rendering.status_strip import HEIGHT, WIDTH, draw_strip


def frame_size(render: Render) -> tuple[int, int]:
    """Width and height of a frame in pixels, both even, as video codecs want them."""
    width, height = render.width + render.height, render.height + _strip_height(render)
    return width + width % 2, height + height % 2


def draw_frame(scene: Scene, render: Render) -> Frame:
    """Draw a frame.

    Args:
        scene: what to draw; its image has the configured size.
        render: sizes, and the metres that the map shows.

    Returns:
        uint8 (height, width, 3) of ``frame_size``, red, green, blue.

    """
    width, height = frame_size(render)
    frame = np.empty((height, width, 3), np.uint8)
    frame[: render.height, : render.width] = scene.image
    frame[: render.height, render.width :] = draw_map(scene, width - render.width, render.height, render.map_span)
    frame[render.height :] = draw_strip(scene, width, height - render.height)
    return frame


def _strip_height(render: Render) -> int:
    return round(HEIGHT / WIDTH * (render.width + render.height))
