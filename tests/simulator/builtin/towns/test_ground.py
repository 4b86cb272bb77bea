import numpy as np

from av_td3.simulator.builtin.towns.ground import Ground, Strip, Surface, draw_labels


def ground():
    outline = np.array([(2.0, 1.0), (4.0, 1.0), (4.0, 3.0), (2.0, 3.0)], np.float32)
    strips = (Strip(Surface.SIDEWALK, outline), Strip(Surface.KERB, outline[[0, 1, 2]]))
    return Ground(draw_labels(strips, (-1.0, 0.0), (50, 80), 0), -1.0, 0.0, strips)


def test_later_strips_lie_over_earlier_ones_and_all_else_is_grass():
    seen = ground()
    assert seen.surface_at(3.8, 1.5) == Surface.KERB
    assert seen.surface_at(2.2, 2.5) == Surface.SIDEWALK
    assert seen.surface_at(0.0, 2.0) in (Surface.GRASS, Surface.GRASS_DARK)
    assert seen.surface_at(500.0, 2.0) == Surface.GRASS


def test_a_footprint_is_on_grass_when_all_of_it_is():
    assert ground().is_grass([(0.0, 1.0), (1.5, 1.0), (1.5, 3.0), (0.0, 3.0)])
    assert not ground().is_grass([(0.0, 1.0), (2.5, 1.0), (2.5, 3.0), (0.0, 3.0)])
    assert not ground().is_grass([(-5.0, 1.0), (1.5, 1.0), (1.5, 3.0), (-5.0, 3.0)])  # beyond the map


def test_the_seed_decides_on_the_shades():
    shades = [draw_labels((), (0.0, 0.0), (60, 60), seed) for seed in (1, 1, 2)]
    assert np.array_equal(shades[0], shades[1])
    assert not np.array_equal(shades[0], shades[2])
    assert 0.3 < (shades[0] == Surface.GRASS_DARK).mean() < 0.7
