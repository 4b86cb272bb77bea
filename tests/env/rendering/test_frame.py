import numpy as np
import pytest

from av_td3.config.composition import driving_task
from av_td3.env.rendering.frame import draw_frame, frame_size
from tests.env.rendering.scenes import scene


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(480, 360, (840, 480)), (160, 120, (280, 160)), (321, 244, (566, 326)), (320, 241, (562, 322))],
)
def test_a_frame_has_its_size_in_even_numbers_and_holds_the_image_as_it_is(width, height, size):
    render = driving_task([f"render.width={width}", f"render.height={height}"]).render
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    frame = draw_frame(scene(image=image), render)
    assert frame_size(render) == size
    assert (frame.shape, frame.dtype, frame.flags.c_contiguous) == ((size[1], size[0], 3), np.uint8, True)
    assert np.array_equal(frame[:height, :width], image)


def test_the_map_shows_the_metres_that_the_config_says():
    near, far = (draw_frame(scene(), driving_task([f"render.map_span={span}"]).render)[:360, 480:] for span in (40, 160))
    road = [int((np.abs(part[60].astype(int) - (66, 70, 78)).max(axis=1) < 12).sum()) for part in (near, far)]
    assert road[0] > 3 * road[1]
