import math

import numpy as np
import pytest

from av_td3.simulator.builtin.camera import Boxes, Camera, Light, clip_near
from av_td3.simulator.builtin.ground import Ground, Surface
from av_td3.simulator.builtin.world import CLEAR_NOON

LIGHT = Light.from_weather(CLEAR_NOON)
NOTHING = Boxes([], [])
RED = (20, 20, 220)


def plain(surface=Surface.ASPHALT):
    """A hundred metres square of one surface around the origin."""
    return Ground(np.full((1000, 1000), surface, np.uint8), -50.0, -50.0)


def color(surface, light=LIGHT):
    return light.palette[surface : surface + 1].view(np.uint8)


def is_red(image):
    return (image[..., 2] > 120) & (image[..., 1] < 60)


def test_a_level_camera_has_the_horizon_in_its_middle():
    image = Camera(300, 300, 90.0).render([0, 0, 1.5, 0, 0, 0], plain(Surface.GRASS), NOTHING, LIGHT)
    assert image.shape == (300, 300, 4)
    assert (image[151:] == color(Surface.GRASS)).all()
    assert not (image[:149] == color(Surface.GRASS)).all(axis=-1).any()


def test_a_mark_on_the_ground_appears_where_the_pinhole_puts_it():
    ground = plain()
    ground.labels[540:545, 600:605] = Surface.WHITE_MARK  # x 10.0 to 10.5, y 4.0 to 4.5
    image = Camera(300, 300, 90.0).render([0, 0, 2.0, 0, 0, 0], ground, NOTHING, LIGHT)
    rows, columns = np.nonzero((image == color(Surface.WHITE_MARK)).all(axis=-1))
    assert columns.mean() == pytest.approx(149.5 + 150 * 4.25 / 10.25, abs=1.0)
    assert rows.mean() == pytest.approx(149.5 + 150 * 2.0 / 10.25, abs=1.0)


def test_yaw_turns_the_view_to_the_right():
    ground = plain()
    ground.labels[600:605, 498:502] = Surface.WHITE_MARK  # 10 m to the right of the origin
    image = Camera(300, 300, 90.0).render([0, 0, 2.0, 0, 90, 0], ground, NOTHING, LIGHT)
    _, columns = np.nonzero((image == color(Surface.WHITE_MARK)).all(axis=-1))
    assert columns.mean() == pytest.approx(149.5, abs=2.0)


def test_a_box_has_its_size_and_hides_what_is_behind():
    near = Boxes([(10.0, 0.0, 0.0, 1.0, 1.0, 0.0, 2.0)], [RED])
    behind = Boxes([(20.0, 0.0, 0.0, 0.5, 0.5, 0.0, 1.0)], [(220, 20, 20)])
    image = Camera(300, 300, 90.0).render([0, 0, 1.0, 0, 0, 0], plain(), near + behind, LIGHT)
    rows, columns = np.nonzero(is_red(image))
    width = 150 * 2.0 / 9.0  # its near face is 9 m away
    assert np.ptp(columns) + 1 == pytest.approx(width, abs=2.0)
    assert np.ptp(rows) + 1 == pytest.approx(width, abs=2.0)
    assert not ((image[..., 0] > 150) & (image[..., 1] < 60)).any()


def test_a_box_around_and_one_behind_the_camera_do_no_harm():
    boxes = Boxes([(0.0, 3.0, 0.3, 20.0, 1.0, 0.0, 5.0), (-10.0, 0.0, 0.0, 1.0, 1.0, 0.0, 2.0)], [RED, (220, 20, 20)])
    image = Camera(84, 84, 90.0).render([0, 0, 1.0, 0, 0, 0], plain(), boxes, LIGHT)
    assert is_red(image)[:, 60:].any()
    assert not is_red(image)[:, :20].any()


def test_clipping_keeps_what_lies_ahead():
    square = np.array([[-1.0, 0.0, 0.0], [3.0, 0.0, 0.0], [3.0, 1.0, 0.0], [-1.0, 1.0, 0.0]])
    clipped = clip_near(square)
    assert clipped[:, 0].min() == pytest.approx(0.1)
    assert clipped[:, 0].max() == 3.0
    assert len(clip_near(square - [10.0, 0.0, 0.0])) == 0


def test_night_is_darker_than_noon_and_wet_asphalt_than_dry():
    night, wet = list(CLEAR_NOON), list(CLEAR_NOON)
    night[5], wet[9] = -30.0, 100.0
    noon_color = color(Surface.ASPHALT)[0]
    assert color(Surface.ASPHALT, Light.from_weather(night))[0] < 0.5 * noon_color
    assert color(Surface.ASPHALT, Light.from_weather(wet))[0] < noon_color
    assert math.isclose(color(Surface.GRASS, Light.from_weather(wet))[0], color(Surface.GRASS)[0])


def test_oversampled_images_agree_with_large_ones():
    small = Camera(84, 84, 90.0).render([0, 0, 1.5, -5, 0, 0], plain(Surface.GRASS), NOTHING, LIGHT)
    assert (small[50:] == color(Surface.GRASS)).all()
    assert small.shape == (84, 84, 4)


@pytest.mark.parametrize("pitch", [-20.0, -5.0, 10.0, 30.0])
def test_pitch_moves_the_horizon_by_the_tangent_of_the_angle(pitch):
    image = Camera(300, 300, 90.0).render([0, 0, 1.5, pitch, 30, 0], plain(Surface.GRASS), NOTHING, LIGHT)
    grass = (image == color(Surface.GRASS)).all(axis=-1)
    horizon = 149.5 + 150.0 * math.tan(math.radians(pitch))  # down the image when the camera looks up
    rows = np.arange(300)
    assert grass[rows > horizon + 1.0].all()
    assert not grass[rows < horizon - 1.0].any()
