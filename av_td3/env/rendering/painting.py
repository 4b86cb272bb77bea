"""Colours and shapes of rendered frames, drawn by OpenCV with subpixel positions."""

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]  # (height, width, 3), red, green, blue
Color = tuple[int, int, int]

BACKGROUND: Color = (22, 25, 31)
PANEL: Color = (44, 49, 58)  # of an empty bar
TEXT: Color = (236, 239, 244)
FAINT: Color = (150, 158, 170)  # labels
GOOD: Color = (74, 200, 120)
BAD: Color = (240, 84, 84)
NEUTRAL: Color = (246, 190, 70)
ROUTE: Color = (72, 150, 255)
OWN_CAR: Color = (255, 220, 60)

FRACTION_BITS = 4  # of the fixed-point coordinates that OpenCV draws with
MAX_PIXELS = 1e5  # beyond it, coordinates overflow
FONT = cv2.FONT_HERSHEY_DUPLEX
CAPITAL = 21.0  # pixels that a capital letter is high at scale 1


def fixed_point(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Positions in pixels, float64 (n, 2), as OpenCV's drawing functions take them."""
    return np.asarray(np.rint(np.clip(points, -MAX_PIXELS, MAX_PIXELS) * 2**FRACTION_BITS), np.int32)


def draw_line(frame: Frame, points: NDArray[np.float64], color: Color, thickness: float) -> None:
    """Draw a polyline with round ends through points in pixels, float64 (n, 2)."""
    width = max(1, round(thickness))
    cv2.polylines(frame, [fixed_point(points)], False, color, width, cv2.LINE_AA, FRACTION_BITS)


def fill_polygon(frame: Frame, points: NDArray[np.float64], color: Color) -> None:
    """Fill a convex polygon whose corners are in pixels, float64 (n, 2)."""
    cv2.fillConvexPoly(frame, fixed_point(points), color, cv2.LINE_AA, FRACTION_BITS)


def fill_circle(frame: Frame, center: NDArray[np.float64], radius: float, color: Color) -> None:
    """Fill a circle around a point in pixels, float64 (2,)."""
    x, y = fixed_point(center).tolist()
    cv2.circle(frame, (x, y), round(radius * 2**FRACTION_BITS), color, cv2.FILLED, cv2.LINE_AA, FRACTION_BITS)


def fill_box(frame: Frame, x: float, y: float, width: float, height: float, color: Color) -> None:
    """Fill an upright box, in pixels."""
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float64)
    fill_polygon(frame, corners, color)


def text_width(text: str, height: float) -> float:
    """Width in pixels of a text whose capitals are ``height`` pixels high."""
    return float(cv2.getTextSize(text, FONT, height / CAPITAL, _stroke(height))[0][0])


def draw_text(frame: Frame, text: str, x: float, y: float, height: float, color: Color, align: float = 0.0) -> None:
    """Draw a text.

    Args:
        frame: to draw on.
        text: in ASCII.
        x: pixels.
        y: of its baseline, pixels.
        height: of a capital, pixels.
        color: of the text.
        align: share of the text that is to the left of ``x``: 0, 0.5 (centred) or 1.

    """
    left = x - align * text_width(text, height)
    cv2.putText(frame, text, (round(left), round(y)), FONT, height / CAPITAL, color, _stroke(height), cv2.LINE_AA)


def fitted(text: str, height: float, width: float) -> str:
    """The text, shortened to ``width`` pixels where it is longer."""
    if text_width(text, height) <= width:
        return text
    while text and text_width(f"{text}..", height) > width:
        text = text[:-1]
    return f"{text}.."


def _stroke(height: float) -> int:
    return max(1, round(height / 11.0))


def blend(first: Color, second: Color, share: float) -> Color:
    """A colour between two, at ``share`` of the way."""
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(first, second, strict=True))
    return red, green, blue
