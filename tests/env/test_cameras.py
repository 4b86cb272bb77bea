import numpy as np
import pytest

from av_td3.env.cameras import RgbCamera

CAMERA = RgbCamera(x=1.5, y=-0.5, z=1.6, pitch=-5.0, yaw=30.0, fov=90.0)


def image(size=84, **channels):
    """What the sensor sends: blue, green, red, alpha."""
    pixels = np.zeros((size, size, 4), np.uint8)
    for name, value in channels.items():
        pixels[:, :, ("blue", "green", "red", "alpha").index(name)] = value
    return pixels


def test_its_mount_follows_its_keys():
    assert CAMERA.mount() == (1.5, -0.5, 1.6, -5.0, 30.0)
    assert CAMERA.attributes(96) == {"image_size_x": "96", "image_size_y": "96", "fov": "90.0"}


def test_channels_of_rgb_are_red_green_blue():
    assert CAMERA.channels("rgb") == 3
    frame = CAMERA.frame(image(red=200, green=100, blue=50, alpha=255), 84, "rgb")
    assert (frame.dtype, frame.shape, frame.flags.c_contiguous) == (np.uint8, (3, 84, 84), True)
    assert [int(channel.mean()) for channel in frame] == [200, 100, 50]


def test_gray_is_the_luma_of_rec_601():
    assert CAMERA.channels("gray") == 1
    frame = CAMERA.frame(image(red=200, green=100, blue=50), 84, "gray")
    assert (frame.dtype, frame.shape) == (np.uint8, (1, 84, 84))
    assert frame.mean() == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50, abs=0.6)


@pytest.mark.parametrize("color", ["gray", "rgb"])
def test_an_image_of_another_size_is_scaled(color):
    pixels = image(168, red=80, green=80, blue=80)
    pixels[:84] = 0
    frame = CAMERA.frame(pixels, 84, color)
    assert frame.shape == (CAMERA.channels(color), 84, 84)
    assert frame[:, :42].max() == 0
    assert set(np.unique(frame[:, 42:])) == {80}
