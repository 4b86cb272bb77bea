import pytest

from av_td3.simulator.builtin.settings import Settings

STEP, MOST = 0.02, 10  # of physics, as in the default settings


@pytest.mark.parametrize(
    ("delta", "substepping", "count"),
    [(0.1, True, 5), (0.05, True, 3), (0.01, True, 1), (1.0, True, MOST), (0.1, False, 1), (1.0, False, 5), (10.0, True, 50)],
)
def test_steps_of_physics_make_up_a_tick(delta, substepping, count):
    settings = Settings()
    settings.record[:6] = [True, False, delta, substepping, STEP, MOST]
    steps, step = settings.substeps()
    assert steps == count
    assert steps * step == pytest.approx(delta)


def test_loading_a_map_resets_clock_and_rendering_alone():
    settings = Settings()
    settings.record[:6] = [True, True, 0.1, False, 0.01, 5]
    settings.reset()
    assert settings.record[:6] == [False, False, None, False, 0.01, 5]
    assert (settings.synchronous, settings.rendering, settings.delta) == (False, True, 0.05)
