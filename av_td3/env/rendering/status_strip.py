"""The strip below a rendered frame: speed, controls, reward, and how far the episode is."""

from collections.abc import Mapping

import cv2
import numpy as np

from av_td3.env.rendering.painting import (
    BACKGROUND,
    BAD,
    FAINT,
    GOOD,
    NEUTRAL,
    PANEL,
    ROUTE,
    TEXT,
    Color,
    Frame,
    draw_text,
    fill_box,
    fitted,
    text_width,
)
from av_td3.env.rendering.scene import Scene

WIDTH, HEIGHT = 840.0, 120.0  # in which positions are given; drawn at any size
SUPERSAMPLING = 2
KMH = 3.6  # km/h in one m/s
MAX_ROWS = 5  # reward terms
LABEL, VALUE = 8.5, 9.5  # height of capitals


class Strip:
    """A strip to draw on, at positions that do not depend on its size.

    Args:
        width: pixels.
        height: pixels.

    """

    def __init__(self, width: int, height: int):
        self._size = (width, height)
        self._scale = SUPERSAMPLING * min(width / WIDTH, height / HEIGHT)
        self._frame: Frame = np.empty((SUPERSAMPLING * height, SUPERSAMPLING * width, 3), np.uint8)
        self._frame[:] = BACKGROUND

    def text(self, text: str, x: float, y: float, height: float, color: Color, align: float = 0.0) -> None:
        k = self._scale
        draw_text(self._frame, text, k * x, k * y, k * height, color, align)

    def box(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        k = self._scale
        if width > 0.0:
            fill_box(self._frame, k * x, k * y, k * width, k * height, color)

    def fitted(self, text: str, height: float, width: float) -> str:
        return fitted(text, self._scale * height, self._scale * width)

    def text_width(self, text: str, height: float) -> float:
        return text_width(text, self._scale * height) / self._scale

    def signed_bar(self, x: float, y: float, width: float, height: float, value: float, colors: tuple[Color, Color]) -> None:
        """A bar from its middle to ``value``, -1 to 1, in the first colour where that is negative."""
        self.box(x, y, width, height, PANEL)
        middle, reach = x + width / 2.0, min(1.0, abs(value)) * width / 2.0
        self.box(middle - reach if value < 0.0 else middle, y, reach, height, colors[value >= 0.0])
        self.box(middle - 0.75, y - 1.5, 1.5, height + 3.0, FAINT)

    def frame(self) -> Frame:
        return np.asarray(cv2.resize(self._frame, self._size, interpolation=cv2.INTER_AREA), np.uint8)


def draw_strip(scene: Scene, width: int, height: int) -> Frame:
    """Draw the strip.

    Args:
        scene: what to draw.
        width: pixels.
        height: pixels.

    Returns:
        uint8 (height, width, 3), red, green, blue.

    """
    strip = Strip(width, height)
    _draw_speed(strip, scene.speed)
    _draw_controls(strip, *scene.controls)
    _draw_reward(strip, scene.reward, shown_terms(scene.terms))
    _draw_episode(strip, scene)
    return strip.frame()


def _draw_speed(strip: Strip, speed: float) -> None:
    strip.text(f"{abs(speed) * KMH:.0f}", 84.0, 66.0, 34.0, TEXT, align=1.0)
    strip.text("km/h", 90.0, 66.0, LABEL, FAINT)
    strip.text("reverse" if speed * KMH <= -0.5 else "speed", 84.0, 90.0, LABEL, FAINT, align=1.0)


def _draw_controls(strip: Strip, steer: float, pedal: float) -> None:
    pedal_name = "brake" if pedal < 0.0 else "throttle"
    for name, value, top, colors in (("steer", steer, 16.0, (ROUTE, ROUTE)), (pedal_name, pedal, 68.0, (BAD, GOOD))):
        strip.text(name, 146.0, top + 11.0, LABEL, FAINT)
        strip.text(signed(value), 302.0, top + 11.0, VALUE, TEXT, align=1.0)
        strip.signed_bar(146.0, top + 20.0, 156.0, 12.0, value, colors)


def signed(value: float) -> str:
    """A number with its sign and two decimals, without a negative zero."""
    return f"{round(value, 2) + 0.0:+.2f}"


def shown_terms(terms: Mapping[str, float]) -> dict[str, float]:
    """The terms that have a row each; of more than ``MAX_ROWS``, the last rows are one with their sum."""
    shown = {name: value for name, value in terms.items() if name != "ending" or value != 0.0}
    if len(shown) <= MAX_ROWS:
        return shown
    names = sorted(shown, key=lambda name: -abs(shown[name]))
    rest = names[MAX_ROWS - 1 :]
    return {name: shown[name] for name in shown if name not in rest} | {f"{len(rest)} others": sum(shown[n] for n in rest)}


def _draw_reward(strip: Strip, reward: float | None, terms: Mapping[str, float]) -> None:
    rows = {"reward": reward or 0.0, **terms}
    for number, (name, value) in enumerate(rows.items()):
        y = 12.0 + 17.5 * number
        strip.text(strip.fitted(name.replace("_", " "), LABEL, 106.0), 334.0, y + 9.0, LABEL, FAINT if number else TEXT)
        strip.signed_bar(446.0, y, 104.0, 9.0, value, (BAD, GOOD))
        strip.text(signed(value), 602.0, y + 9.0, LABEL, TEXT, align=1.0)


def _draw_episode(strip: Strip, scene: Scene) -> None:
    length = scene.route.length
    travelled = max(0.0, min(length, scene.travelled))
    share = 1.0 if scene.success else travelled / length
    strip.text(f"step {scene.step}", 634.0, 27.0, VALUE, TEXT)
    strip.text(f"{travelled:.0f} of {length:.0f} m", 634.0, 56.0, VALUE, TEXT)
    strip.text(f"{100.0 * share:.0f} %", 828.0, 56.0, VALUE, TEXT, align=1.0)
    strip.box(634.0, 66.0, 194.0, 9.0, PANEL)
    strip.box(634.0, 66.0, 194.0 * share, 9.0, ROUTE)
    if scene.ending is not None:
        color = GOOD if scene.success else NEUTRAL if scene.truncated else BAD
        name = strip.fitted(scene.ending.replace("_", " "), VALUE, 178.0)
        strip.box(634.0, 86.0, strip.text_width(name, VALUE) + 16.0, 22.0, color)
        strip.text(name, 642.0, 101.5, VALUE, BACKGROUND)
