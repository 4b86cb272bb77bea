import numpy as np
import pytest

from av_td3.simulator.builtin.images.camera import Camera
from av_td3.simulator.builtin.images.lens import Lens, LensEffect
from tests.simulator.builtin.scenes import NO_CARS, town, weather

SIZE = 200


def grid():
    """An image whose first two channels are its column and row."""
    out = np.full((SIZE, SIZE, 4), 255, np.uint8)
    out[..., 0], out[..., 1] = np.arange(SIZE), np.arange(SIZE)[:, None]
    return out


def test_the_defaults_change_nothing():
    image = grid()
    assert LensEffect(Lens(), SIZE, SIZE).apply(image) is image


@pytest.mark.parametrize(("k", "kcube"), [(-0.6, 0.0), (-1.4, 0.0), (-1.0, 0.3)])
def test_pixels_move_along_the_radius_by_the_documented_polynomial(k, kcube):
    image = LensEffect(Lens(k=k, kcube=kcube), SIZE, SIZE).apply(grid())
    for column, row in ((150, 100), (150, 150), (40, 120), (100, 100)):
        x, y = ((v + 0.5) * 2.0 / SIZE - 1.0 for v in (column, row))
        r = np.hypot(x, y)
        bend = (k + 1.0) / 2.0 + kcube / 2.0 * r
        factor = (1.0 + bend * r * r) / (1.0 + max(0.0, bend))
        seen = image[row, column, :2].astype(float)
        expected = [(v * factor + 1.0) * SIZE / 2.0 - 0.5 for v in (x, y)]
        assert seen == pytest.approx(expected, abs=1.0)


def test_sizes_scale_the_distortion_of_rows_and_columns():
    image = LensEffect(Lens(k=-1.5, x_size=0.0), SIZE, SIZE).apply(grid())
    assert np.abs(image[100, :, 0].astype(int) - np.arange(SIZE)).max() <= 1
    assert np.abs(image[:, 100, 1].astype(int) - np.arange(SIZE)).max() > 5


def test_a_vignette_darkens_corners_and_not_the_middle():
    white = np.full((SIZE, SIZE, 4), 255, np.uint8)
    mild, late = (LensEffect(Lens(circle_multiplier=0.5, circle_falloff=f), SIZE, SIZE).apply(white) for f in (2.0, 10.0))
    assert mild[0, 0, 0] == pytest.approx(128, abs=3)
    assert mild[100, 100, 0] >= 254
    assert late[100, 190, 0] > mild[100, 190, 0]
    assert (mild[..., 3] == 255).all()


@pytest.mark.parametrize("quality", ["low", "high"])
def test_a_camera_applies_its_lens(quality):
    images = [
        Camera(84, 84, 90.0, quality, lens).render([0, 0, 2, 0, 0, 0], town(), NO_CARS, weather(), 1, -1)
        for lens in (Lens(), Lens(circle_multiplier=1.0))
    ]
    assert images[1][83, 0, 0] < 0.3 * images[0][83, 0, 0]
    assert images[1].shape == (84, 84, 4)
    assert images[1].flags.c_contiguous


def test_a_lens_reads_the_attributes_of_a_blueprint():
    given = {"lens_k": "-0.5", "lens_circle_multiplier": "0.25"}
    assert Lens.of_attributes(given.get) == Lens(k=-0.5, circle_multiplier=0.25)
    assert Lens.of_attributes({}.get) == Lens()
