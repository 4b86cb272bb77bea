"""Draws a frame of a video: camera, map and numbers."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from av_td3.runs.live import LiveFrame
from av_td3.runs.town_map import Points

HEIGHT, PANEL, MAP_HEIGHT = 480, 320, 200  # pixels
MARGIN, LINE, TEXT_SIZE = 12, 18, 13  # pixels
BAR = (140, 240)  # pixels, left and right end in the panel
VIEW = 80.0  # m across that the map shows
BACKGROUND, INK, SOFT = (20, 27, 38), (229, 231, 235), (156, 163, 175)
LANE, TRAIL, CAR, PLUS, MINUS = (51, 65, 85), (96, 165, 250), (248, 113, 113), (96, 165, 250), (251, 191, 36)
MAX_SIDE = 8192  # pixels of an image; a larger one is not of a run
MAX_CAMERAS = 4  # shown side by side; more are cut off


def draw_frame(frame: LiveFrame, lanes: Sequence[Points], largest_term: float) -> NDArray[np.uint8]:
    """Draw a frame.

    Args:
        frame: of the environment.
        lanes: of the town, each float64 (n, 2) in metres.
        largest_term: of the reward's terms, which fills a bar.

    Returns:
        uint8 (480, width, 3) in RGB, as wide as the camera's image asks for.

    """
    camera = _camera(frame.image)
    left = 0 if camera is None else camera.width
    canvas = Image.new("RGB", (left + PANEL, HEIGHT), BACKGROUND)
    canvas.paste(_town(frame, lanes), (left, 0))
    if camera is not None:
        canvas.paste(camera, (0, 0))
    _Panel(canvas, left).write(frame, largest_term)
    return np.asarray(canvas)


def _camera(encoded: str | None) -> Image.Image | None:
    """The camera's image, scaled without smoothing; None without one, and for what is not the image of a camera."""
    if encoded is None:
        return None
    try:
        with Image.open(io.BytesIO(base64.b64decode(encoded)), formats=["PNG"]) as decoded:
            if max(decoded.size) > MAX_SIDE:
                return None
            width = min(MAX_CAMERAS * HEIGHT, round(HEIGHT * decoded.width / decoded.height))
            image: Image.Image = decoded.convert("RGB")
            return image.resize((width, HEIGHT), Image.Resampling.NEAREST)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _town(frame: LiveFrame, lanes: Sequence[Points]) -> Image.Image:
    """The lanes around the car. CARLA's y axis points to the right of its x axis, as in an image."""
    town = Image.new("RGB", (PANEL, MAP_HEIGHT), BACKGROUND)
    draw, scale = ImageDraw.Draw(town), PANEL / VIEW
    center = np.array([PANEL, MAP_HEIGHT]) / 2.0

    def on_image(points: object) -> list[tuple[float, float]]:
        shown = (np.asarray(points, np.float64) - frame.position) * scale + center
        return [(float(x), float(y)) for x, y in shown]

    for lane in lanes:
        if np.any(np.abs(lane - frame.position).max(axis=1) < VIEW):
            draw.line(on_image(lane), LANE, 2)
    if len(frame.trail) > 1:
        draw.line(on_image(frame.trail), TRAIL, 3, joint="curve")
    x, y = center
    draw.ellipse((x - 5, y - 5, x + 5, y + 5), CAR)
    return town


class _Panel:
    """The numbers below the map."""

    def __init__(self, canvas: Image.Image, left: int):
        self._draw, self._left, self._y = ImageDraw.Draw(canvas), left, MAP_HEIGHT + MARGIN
        self._font = ImageFont.load_default(TEXT_SIZE)

    def write(self, frame: LiveFrame, largest_term: float) -> None:
        route = "" if frame.route_completion is None else f"   route {frame.route_completion:.0%}"
        ending = "" if frame.ending is None else f"   {frame.ending}"
        self._line(f"step {frame.step:,} of {frame.total_steps:,}", INK)
        self._line(f"episode {frame.episode}   step {frame.episode_step}{route}{ending}", INK)
        self._line(f"speed {_number(frame.speed)} m/s   episode reward {_number(frame.episode_reward)}", INK)
        for name, value in frame.action.items():
            self._bar(name, value, 1.0)
        for name, value in frame.terms.items():
            self._bar(name, value, largest_term)

    def _line(self, text: str, color: tuple[int, int, int]) -> None:
        self._draw.text((self._left + MARGIN, self._y), text, color, self._font)
        self._y += LINE

    def _bar(self, name: str, value: float | None, largest: float) -> None:
        y, (start, end) = self._y, BAR
        middle, share = (start + end) / 2.0, max(-1.0, min(1.0, (value or 0.0) / largest))
        tip = middle + share * (end - start) / 2.0
        place = (self._left + min(middle, tip), y + 4, self._left + max(middle, tip), y + TEXT_SIZE)
        self._draw.rectangle(place, PLUS if share >= 0.0 else MINUS)
        self._draw.line((self._left + middle, y + 2, self._left + middle, y + TEXT_SIZE + 2), SOFT)
        self._draw.text((self._left + end + MARGIN, y), _number(value), SOFT, self._font)
        self._line(name[:18], SOFT)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
