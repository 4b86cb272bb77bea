"""The cars against published figures."""

import pytest

from av_td3.simulator.builtin.vehicles.proving_ground import FIGURES, MEASURES, braking_distance, creep
from av_td3.simulator.builtin.vehicles.vehicle import VEHICLES


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: f"{figure.car} {figure.name}")
def test_a_car_drives_as_published(figure):
    assert MEASURES[figure.name](VEHICLES[figure.car]) == pytest.approx(figure.published, rel=0.06)


@pytest.mark.parametrize("name", VEHICLES)
def test_a_little_throttle_moves_a_car_at_walking_pace(name):
    assert 3.0 < creep(VEHICLES[name]) < 8.0
    assert creep(VEHICLES[name], throttle=0.0) == 0.0


@pytest.mark.parametrize("name", VEHICLES)
def test_a_wet_road_lengthens_braking_as_friction_falls(name):
    model = VEHICLES[name]
    assert braking_distance(model, wetness=100.0) / braking_distance(model) == pytest.approx(0.85 / 0.6, rel=0.06)
