from av_td3.env.world import tick_on_demand
from tests.env.fake_world import FakeWorld


def test_the_step_is_set_also_where_somebody_else_has_left_another():
    world = FakeWorld()
    for delta in (0.1, 0.05):
        tick_on_demand(world, delta)
        assert (world.settings.synchronous_mode, world.settings.fixed_delta_seconds) == (True, delta)
