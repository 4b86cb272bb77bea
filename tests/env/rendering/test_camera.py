import pytest

from av_td3.config.composition import driving_task
from av_td3.env.rendering.camera import RenderCamera
from av_td3.simulator.errors import SensorLost
from tests.env.fake_world import FakeWorld, image


@pytest.fixture
def build():
    def camera(*overrides):
        world = FakeWorld()
        built = RenderCamera(world, "the car", driving_task(overrides).render, 0.05)
        return built, world.sensors[0]

    return camera


def test_it_sits_where_the_config_says(build):
    keys = {"x": -4.5, "y": 0.5, "z": 2.5, "pitch": -7.5, "yaw": 15.0}
    overrides = [f"render.{key}={value}" for key, value in keys.items()]
    _, sensor = build(*overrides, "render.width=640", "render.height=400", "render.fov=75")
    place, turned = sensor.mount.location, sensor.mount.rotation
    assert (place.x, place.y, place.z, turned.pitch, turned.yaw) == tuple(keys.values())
    wanted = {"image_size_x": "640", "image_size_y": "400", "fov": "75.0", "role_name": "av_td3"}
    assert sensor.blueprint.attributes == wanted


def test_it_keeps_the_image_of_the_tick_itself_in_red_green_and_blue(build):
    camera, sensor = build()
    for frame in (6, 7, 8):
        sent = image(frame)
        sent.raw_data[:, :, 2] = 200  # red
        sensor.callback(sent)
    camera.take(7)
    assert camera.image()[0, 0].tolist() == [200, 7, 7]
    assert camera.image().shape == (84, 84, 3)
    camera.take(8)
    assert camera.image()[0, 0].tolist() == [200, 8, 8]
    with pytest.raises(SensorLost, match=r"no image of camera render at frame 9 within 0\.05 s"):
        camera.take(9)


def test_cleared_images_are_gone_and_a_destroyed_camera_is_silent(build):
    camera, sensor = build()
    sensor.callback(image(5))
    camera.clear()
    with pytest.raises(SensorLost):
        camera.take(5)
    camera.destroy()
    camera.destroy()
    assert not sensor.is_listening()
