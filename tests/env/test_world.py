import carla
import pytest

from av_td3.env.world import enable_synchronous_mode, map_layers
from tests.env.fake_world import FakeWorld


def test_the_step_is_set_also_where_somebody_else_has_left_another():
    world = FakeWorld()
    for delta in (0.1, 0.05):
        enable_synchronous_mode(world, delta)
        assert (world.settings.synchronous_mode, world.settings.fixed_delta_seconds) == (True, delta)


@pytest.mark.parametrize(
    ("substepping", "longest", "most"),
    [(False, 0.01, 10), (True, 0.01, 1), (True, 0.005, 10), (True, 0.01, 10), (True, 0.02, 5)],
)
def test_substeps_always_cover_the_step(substepping, longest, most):
    world = FakeWorld()
    world.settings.substepping, world.settings.max_substep_delta_time, world.settings.max_substeps = substepping, longest, most
    enable_synchronous_mode(world, 0.1)
    settings = world.settings
    assert settings.substepping
    assert settings.max_substep_delta_time * settings.max_substeps == pytest.approx(0.1)


def test_layers_of_a_map_by_name():
    assert map_layers("All") == carla.MapLayer.All
    assert map_layers([]) == carla.MapLayer.NONE
    both = map_layers(["Ground", "Props"])
    assert int(both) == int(carla.MapLayer.Ground) | int(carla.MapLayer.Props)
    assert isinstance(both, carla.MapLayer)
