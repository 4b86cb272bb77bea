import numpy as np
import pytest

from av_td3.simulator.builtin.images.ground_detail import MARK, ROAD, shrink_labels, spread, texel_palette
from av_td3.simulator.builtin.images.ground_texture import SLOTS, TEXEL, TILE, TILE_LEVELS, TILE_TEXELS, GroundTexture
from av_td3.simulator.builtin.towns.ground import Surface
from tests.simulator.builtin.scenes import SIZE, strip, town

ROAD_STRIP = strip(Surface.ASPHALT, -90, -90, 90, 90)


def material(texture, slot, level=0):
    """The fourth channel of a tile."""
    side = TILE >> level
    start = slot * TILE_TEXELS + sum((TILE >> k) ** 2 for k in range(level))
    return (texture.tiles[start : start + side * side] >> 24).reshape(side, side).astype(float)


@pytest.mark.parametrize("offset", [0.0, 0.007, 0.013, 0.02])
def test_a_mark_has_its_width_wherever_it_lies(offset):
    texture = GroundTexture(
        town(Surface.GRASS, strips=[ROAD_STRIP, strip(Surface.WHITE_MARK, offset, -50, offset + 0.15, 50)]).ground
    )
    texture.load(0.0, 0.0, 5.0, (0.0, 0.0))
    for level in range(TILE_LEVELS):
        width = 0.0
        row = texture.slots[texture.slots.shape[0] // 2]
        for slot in set(row.tolist()) - {-1}:
            share = (material(texture, slot, level) - ROAD) / (MARK - ROAD)
            width += np.median(share.sum(axis=1)) * TEXEL * 2**level
        assert width == pytest.approx(0.15, abs=0.012)


def test_only_tiles_that_are_near_and_ahead_are_loaded():
    texture = GroundTexture(town().ground)
    texture.load(0.0, 0.0, 20.0, (1.0, 0.0))
    rows, columns = np.nonzero(texture.slots >= 0)
    x = (columns + 0.5) * TILE * TEXEL - SIZE / 2
    y = (rows + 0.5) * TILE * TEXEL - SIZE / 2
    assert 4 <= len(rows) <= 16
    assert x.min() > -20.0
    assert np.hypot(x, y).max() < 20.0 + TILE * TEXEL


def test_no_more_tiles_are_held_than_there_is_room_for_and_each_has_its_own():
    texture = GroundTexture(town().ground)
    for x in range(-90, 91, 15):
        texture.load(float(x), 0.0, 60.0, (0.0, 0.0))
        held = texture.slots[texture.slots >= 0]
        assert len(held) == len(set(held.tolist())) <= SLOTS


def test_labels_are_averaged_by_area():
    labels = np.full((8, 8), Surface.ASPHALT, np.uint8)
    labels[:4, :2] = Surface.WHITE_MARK
    packed = np.empty((2, 2), np.uint32)
    palette = texel_palette()
    shrink_labels(labels, spread(palette), packed)
    texels = packed.view(np.uint8).reshape(2, 2, 4).astype(float)
    half = (palette[Surface.ASPHALT].astype(float) + palette[Surface.WHITE_MARK]) / 2.0
    assert texels[0, 0] == pytest.approx(half, abs=0.6)
    assert texels[1, 1] == pytest.approx(palette[Surface.ASPHALT])
