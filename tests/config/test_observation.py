import numpy as np
import pytest

from av_td3.config.errors import ConfigError

REAR = "+observation.cameras.rear={_target_:av_td3.env.cameras.RgbCamera,x:-2.0,y:0.0,z:1.6,pitch:-5.0,yaw:180.0,fov:70.0}"


@pytest.mark.parametrize(
    ("overrides", "frame", "image"),
    [
        ((), (1, 84, 84), (4, 84, 84)),
        (("observation.stack=1",), (1, 84, 84), (1, 84, 84)),
        (("observation.color=rgb",), (3, 84, 84), (12, 84, 84)),
        (("observation.frame_size=64", "observation.stack=2"), (1, 64, 64), (2, 64, 64)),
        ((REAR,), (2, 84, 84), (8, 84, 84)),
        ((REAR, "observation.stack=3", "observation.frame_size=96", "observation.color=rgb"), (6, 96, 96), (18, 96, 96)),
    ],
)
def test_shapes_follow_from_the_keys(compose_config, overrides, frame, image):
    observation = compose_config(*overrides).observation
    assert observation.frame_shape == frame
    assert observation.image_shape == image


def test_each_camera_adds_its_channels_in_the_order_of_the_config(compose_config):
    observation = compose_config(
        REAR, "observation.color=rgb", "observation.frame_size=20", "network.convolutions=[[8,4,2]]"
    ).observation
    rng = np.random.default_rng(0)
    images = {name: rng.integers(0, 256, (20, 20, 4), dtype=np.uint8) for name in ("rear", "front")}
    frame = observation.frame(images)
    assert (frame.dtype, frame.shape) == (np.uint8, (6, 20, 20))
    for begin, name in ((0, "front"), (3, "rear")):
        for channel, blue_green_red in enumerate((2, 1, 0)):
            assert np.array_equal(frame[begin + channel], images[name][:, :, blue_green_red])


def test_the_vector_is_named_and_as_long_as_its_entries(compose_config):
    observation = compose_config().observation
    axes = [f"{axis}_{distance}" for distance in range(5, 51, 5) for axis in "xy"]
    assert list(observation.vector_labels) == ["speed", "lateral", "heading_error", *axes]
    assert observation.vector_size == 23
    observation = compose_config(
        "~observation.vector.lateral",
        "observation.vector.waypoints.distances=[7,9.0]",
        "+observation.vector.previous={_target_:av_td3.env.vector.PreviousControls}",
    ).observation
    assert list(observation.vector_labels) == [
        *("speed", "heading_error", "x_7", "y_7", "x_9", "y_9"),
        *("previous_steer", "previous_pedal"),
    ]


def test_an_agent_without_numbers_is_refused(compose_config):
    with pytest.raises(ConfigError, match=r"^observation\.vector"):
        compose_config("~observation.vector")
