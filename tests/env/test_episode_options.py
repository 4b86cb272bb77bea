"""What ``reset`` accepts about an episode, on the built-in server."""

import hashlib
import json

import carla
import numpy as np
import pytest

from av_td3.config.route_set import RouteSpec, load_route_set
from av_td3.env.carla_env import CarlaEnv
from av_td3.env.episode_options import EpisodeOptions, episode_options
from av_td3.env.other_vehicles import HALF_LENGTH, HALF_WIDTH, VELOCITY_X, VELOCITY_Y, X, Y
from av_td3.simulator.errors import SimulatorUnavailable
from tests.system.runs import until

STAND = np.array([0.0, -1.0], np.float32)
ROUTE = load_route_set("suburb01_test").routes[1]


def test_options_are_the_fields_of_the_dataclass():
    assert episode_options(None) == EpisodeOptions()
    assert episode_options({"town": "Ring01", "autopilot": True}) == EpisodeOptions(town="Ring01", autopilot=True)
    known = "route, town, weather, observe_traffic, autopilot, render"
    with pytest.raises(ValueError, match=rf"^options=\{{'wether': \.\.\.\}}: unknown; reset accepts {known}$"):
        episode_options({"wether": "WetNoon"})


@pytest.fixture(scope="module")
def make(compose_config, server_config):
    made = {}

    def build(*overrides):
        for env in made.values():  # a server is for one environment at a time
            env.close()
        config = compose_config(*overrides)
        made[overrides] = CarlaEnv(config.model_copy(update={"simulator": server_config}))
        return made[overrides]

    yield build
    for env in made.values():
        env.close()


@pytest.fixture(scope="module")
def world(server_config):
    client = carla.Client(server_config.host, server_config.port)
    client.set_timeout(10.0)
    return client.get_world


@pytest.fixture(scope="module")
def env(make):
    return make("scenario.npc_vehicles=3", "scenario.max_episode_steps=400")


def test_an_unknown_option_is_refused(env):
    with pytest.raises(ValueError, match="reset accepts route, town"):
        env.reset(seed=0, options={"spawn": 3})


def test_a_given_route_is_driven_from_its_start_to_its_goal(env):
    _, info = env.reset(seed=0, options={"route": ROUTE})
    np.testing.assert_allclose(info["route"][0], ROUTE.positions[0][:2], atol=0.05)
    np.testing.assert_allclose(info["route"][-1], ROUTE.positions[-1][:2], atol=0.05)
    assert info["route_length"] == pytest.approx(200.0, abs=7.0)
    assert np.hypot(*np.subtract(info["position"], ROUTE.positions[0][:2])) < 0.5
    assert abs(info["lateral"]) < 0.2
    assert abs(info["heading_error"]) < 0.1
    again = env.reset(seed=1, options={"route": ROUTE})[1]
    assert again["route"] == info["route"]  # whatever the seed


def test_what_is_said_of_an_episode_at_its_start_and_after_each_step(env):
    _, info = env.reset(seed=0)
    assert "others" not in info
    *_, stepped = env.step(STAND)
    assert "others" not in stepped
    assert {"speed", "yaw", "on_road", "over_the_line", "position"} <= stepped.keys() & info.keys()
    assert (info["town"], info["weather"], stepped["collided_with"]) == ("Suburb01", "ClearNoon", None)


def test_the_other_vehicles_are_described_where_that_is_asked_for(env, world):
    _, info = env.reset(seed=0, options={"observe_traffic": True})
    assert info["others"].shape == (3, 7)
    for _ in range(25):
        *_, info = env.step(STAND)
    seen = world()
    cars = until(lambda: [a for a in seen.get_actors().filter("vehicle.*") if a.attributes["role_name"]], "the cars")
    places = {(round(car.get_location().x, 2), round(car.get_location().y, 2)): car for car in cars}
    assert len(cars) == 4
    moving = 0
    for row in info["others"]:
        car = places[round(row[X], 2), round(row[Y], 2)]
        assert (row[HALF_LENGTH], row[HALF_WIDTH]) == (car.bounding_box.extent.x, car.bounding_box.extent.y)
        assert np.hypot(row[VELOCITY_X], row[VELOCITY_Y]) == pytest.approx(car.get_velocity().length(), abs=0.1)
        moving += np.hypot(row[VELOCITY_X], row[VELOCITY_Y]) > 1.0
    assert moving >= 2
    own = (round(info["position"][0], 2), round(info["position"][1], 2))
    assert own in places
    assert not any(np.hypot(row[X] - own[0], row[Y] - own[1]) < 1.0 for row in info["others"])  # its own row is left out


def test_the_weather_is_the_given_preset_or_that_of_the_route(env, world):
    assert env.reset(seed=0, options={"weather": "HardRainNoon"})[1]["weather"] == "HardRainNoon"
    assert world().get_weather().precipitation == carla.WeatherParameters.HardRainNoon.precipitation
    route = ROUTE.model_copy(update={"weather": {"cloudiness": 12.5, "sun_altitude_angle": -45.0}})
    assert env.reset(seed=0, options={"route": route, "weather": "HardRainNoon"})[1]["weather"] == "route"
    found = world().get_weather()
    assert (found.cloudiness, found.sun_altitude_angle, found.precipitation) == (12.5, -45.0, 0.0)
    assert env.reset(seed=0)[1]["weather"] == "ClearNoon"
    assert world().get_weather().sun_altitude_angle == carla.WeatherParameters.ClearNoon.sun_altitude_angle


def test_the_autopilot_drives_along_the_route_whatever_the_actions(env):
    _, info = env.reset(seed=0, options={"route": ROUTE, "autopilot": True})
    controls, over = set(), False
    while not over:
        _, _, terminated, truncated, info = env.step(STAND)
        controls.add(round(info["controls"].pedal, 2))
        over = terminated or truncated
    assert info["route_completion"] > 0.5
    assert max(controls) > 0.1  # those that were applied, not the ones given


def test_what_the_server_lacks_is_said(env):
    with pytest.raises(
        SimulatorUnavailable, match=r"scenario\.town=Atlantis: the server has the maps Loop01, Ring01, Suburb01"
    ):
        env.reset(seed=0, options={"town": "Atlantis"})
    with pytest.raises(SimulatorUnavailable, match=r"scenario\.weather=Snow: must be one of ClearNight, "):
        env.reset(seed=0, options={"weather": "Snow"})
    env.reset(seed=0)


def test_a_route_brings_its_town_and_a_town_can_be_chosen(make):
    env = make("scenario=suburb_empty", "scenario.town=[Loop01,Suburb01]", "scenario.test_routes=null")
    other = RouteSpec(id="x", town="Loop01", positions=[[0, 0, 0], [50, 0, 0]], weather={})
    (first, second) = (env.reset(seed=0, options=options)[1] for options in ({"route": ROUTE}, {"town": "Loop01"}))
    assert (first["town"], second["town"]) == ("Suburb01", "Loop01")
    start = second["route"][0], second["route"][20]
    route = other.model_copy(update={"positions": [[*start[0], 0.0], [*start[1], 0.0]]})
    assert env.reset(seed=0, options={"route": route, "town": "Suburb01"})[1]["town"] == "Loop01"


def test_towns_and_weathers_are_drawn_from_the_seed_and_kept_for_some_episodes(make):
    env = make(
        *("scenario=suburb_empty", "scenario.town=[Loop01,Suburb01]", "scenario.town_every_episodes=3"),
        *("scenario.weather=[ClearNoon,WetNoon,CloudyNoon]", "scenario.warmup_ticks=1"),
    )

    def drawn(first_seed):
        infos = [env.reset(seed=first_seed)[1], *(env.reset()[1] for _ in range(5))]
        return [info["town"] for info in infos], [info["weather"] for info in infos]

    found = [drawn(seed) for seed in range(3)]
    for towns, _ in found:
        assert towns[:3] == [towns[0]] * 3
        assert towns[3:] == [towns[3]] * 3
    assert {town for towns, _ in found for town in towns} == {"Loop01", "Suburb01"}
    assert len({weather for _, weathers in found for weather in weathers}) == 3
    assert drawn(0) == found[0]


def test_with_one_town_and_one_weather_episodes_are_those_of_earlier_versions(make):
    """The second route follows from all that the first episode has drawn, its traffic included."""
    env = make("scenario.npc_vehicles=6", "scenario.town=Loop01")
    routes = [env.reset(seed=seed)[1]["route"] for seed in (3, None)]
    text = [json.dumps([[round(value, 3) for value in point] for point in route]) for route in routes]
    assert [hashlib.sha256(one.encode()).hexdigest()[:16] for one in text] == ["259be9c7b966a3d3", "4f4da2d453653cd7"]
