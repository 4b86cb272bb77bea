import numpy as np
import pytest

from av_td3.simulator.builtin.images.raster import fill_polygon, new_scratch

FOCAL, SIDE = 50.0, 101


def fill(*polygons):
    """Draw (value, corners) one after the other; returns depth and image."""
    depth, image = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.uint32)
    for value, corners in polygons:
        fill_polygon(np.array(corners, float), len(corners), value, FOCAL, 50.0, 50.0, depth, image, new_scratch())
    return depth, image


def square(forward, half, right=0.0):
    return [
        (forward, right - half, -half),
        (forward, right + half, -half),
        (forward, right + half, half),
        (forward, right - half, half),
    ]


def test_a_square_covers_the_samples_inside_it():
    depth, image = fill((7, square(5.0, 2.02)))
    rows, columns = np.nonzero(image)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (30, 70, 30, 70)
    assert (image[30:71, 30:71] == 7).all()
    assert depth[50, 50] == pytest.approx(0.2)


def test_the_nearer_of_two_is_seen_in_any_order():
    near, far = (1, square(4.0, 0.5)), (2, square(8.0, 3.0))
    (_, a), (_, b) = fill(near, far), fill(far, near)
    assert np.array_equal(a, b)
    assert a[50, 50] == 1
    assert a[35, 50] == 2


def test_planes_that_cross_are_cut_where_they_cross():
    left_near = [(4.0, -3.0, -1.0), (8.0, 3.0, -1.0), (8.0, 3.0, 1.0), (4.0, -3.0, 1.0)]
    right_near = [(8.0, -3.0, -1.0), (4.0, 3.0, -1.0), (4.0, 3.0, 1.0), (8.0, -3.0, 1.0)]
    _, image = fill((1, left_near), (2, right_near))
    assert image[50, 47] == 1
    assert image[50, 53] == 2


def test_what_lies_behind_the_eye_is_cut_off():
    floor = [(-5.0, -1.0, -1.0), (10.0, -1.0, -1.0), (10.0, 1.0, -1.0), (-5.0, 1.0, -1.0)]
    depth, image = fill((3, floor))
    assert image[100, 50] == 3
    assert not image[:54].any()
    assert depth[100, 50] == pytest.approx(1.0, rel=0.01)  # the ray goes down by 1 in 1
    assert not fill((3, square(-5.0, 2.0)))[1].any()


def test_a_huge_or_thin_polygon_does_no_harm():
    assert (fill((1, square(1.0, 1e9)))[1] == 1).all()
    assert not fill((1, [(5.0, 0.0, 0.0), (5.0, 1.0, 0.0), (5.0, 2.0, 0.0)]))[1].any()
