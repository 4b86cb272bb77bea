"""Distortion and vignette of a lens, by the attributes of CARLA's camera."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

DEFAULT_SIZE = 0.08  # CARLA's lens_x_size and lens_y_size


@dataclass(frozen=True)
class Lens:
    """A lens; the defaults are CARLA's, and change nothing.

    With x and y from -1 to 1 between the edges of the image, r2 = x^2 + y^2 and

        k = (lens_k + 1 + lens_kcube * r) / 2,

    a pixel shows what the pinhole has at (x * (1 + a * k * r2), y * (1 + b * k * r2)) / (1 + max(0, k)), where a and b are
    the sizes over their defaults: the radial model of Brown, "Decentering Distortion of Lenses", Photogrammetric
    Engineering 32 (1966), scaled so that no pixel on the axes looks beyond the image. Light falls off as

        1 - multiplier * (r / sqrt 2) ^ falloff.

    Args:
        circle_falloff: how late the vignette begins.
        circle_multiplier: how dark it is, 0 to 1.
        k: -1 for none; above it a barrel, below it a pincushion.
        kcube: the part of the distortion that grows with the third power.
        x_size: scales the distortion along rows.
        y_size: scales the distortion along columns.

    """

    circle_falloff: float = 5.0
    circle_multiplier: float = 0.0
    k: float = -1.0
    kcube: float = 0.0
    x_size: float = 0.08
    y_size: float = 0.08

    @staticmethod
    def of_attributes(attribute: Callable[[str, str], str]) -> "Lens":
        """The lens of a camera's blueprint; ``attribute`` returns the value of a name, or else its second argument."""
        return Lens(**{field.name: float(attribute(f"lens_{field.name}", str(field.default))) for field in fields(Lens)})


class LensEffect:
    """Applies a lens to images of one size."""

    def __init__(self, lens: Lens, width: int, height: int):
        x, y = np.meshgrid((np.arange(width) + 0.5) * 2.0 / width - 1.0, (np.arange(height) + 0.5) * 2.0 / height - 1.0)
        r2 = x * x + y * y
        self._map: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        if lens.k != -1.0 or lens.kcube != 0.0:
            k = 0.5 * ((lens.k + 1.0) + lens.kcube * np.sqrt(r2))
            whole = np.maximum(0.1, 1.0 + np.maximum(0.0, k))
            u = x * (1.0 + lens.x_size / DEFAULT_SIZE * k * r2) / whole
            v = y * (1.0 + lens.y_size / DEFAULT_SIZE * k * r2) / whole
            self._map = (
                ((u + 1.0) * width / 2.0 - 0.5).astype(np.float32),
                ((v + 1.0) * height / 2.0 - 0.5).astype(np.float32),
            )
        self._vignette: NDArray[np.float32] | None = None
        if lens.circle_multiplier != 0.0:
            fall = np.minimum(1.0, np.sqrt(r2 / 2.0) ** max(0.0, lens.circle_falloff))
            dim = np.clip(1.0 - lens.circle_multiplier * fall, 0.0, 1.0)
            self._vignette = np.dstack([dim, dim, dim, np.ones_like(dim)]).astype(np.float32)

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The image (height, width, 4) through the lens; the same array where it changes nothing."""
        if self._map is not None:
            image = np.asarray(cv2.remap(image, *self._map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
        if self._vignette is not None:
            image = (image * self._vignette).astype(np.uint8)
        return image
