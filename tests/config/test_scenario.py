import pytest

from av_td3.config.errors import ConfigError


@pytest.mark.parametrize(
    ("town", "towns"),
    [("null", []), ("Ring01", ["Ring01"]), ("[Ring01]", ["Ring01"]), ("[Suburb01,Ring01]", ["Suburb01", "Ring01"])],
)
def test_a_town_or_a_list_of_them_or_that_of_the_server(compose_config, town, towns):
    assert compose_config(f"scenario.town={town}").scenario.towns == towns


def test_a_weather_or_a_list_of_them(compose_config):
    assert compose_config("scenario.weather=WetNoon").scenario.weathers == ["WetNoon"]
    assert compose_config("scenario.weather=[ClearNoon,WetNight]").scenario.weathers == ["ClearNoon", "WetNight"]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("scenario.town=[]", "scenario.town"),
        ("scenario.town=[Ring01,'a b']", "the name of a map, such as Town01"),
        ("scenario.weather=[]", "scenario.weather"),
        ("scenario.weather=[ClearNoon,Snow]", "Snow"),
        ("scenario.town_every_episodes=0", "scenario.town_every_episodes=0"),
        ("scenario.test_routes=nowhere", "scenario.test_routes=nowhere: No such file or directory; conf/routes/ has "),
        (
            "scenario.validation_routes=nowhere",
            "scenario.validation_routes=nowhere: No such file or directory; conf/routes/ has ",
        ),
    ],
)
def test_a_wrong_value_is_said_in_one_line(compose_config, override, words):
    with pytest.raises(ConfigError) as raised:
        compose_config(override)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_without_routes_of_its_own_a_scenario_has_none(compose_config):
    scenario = compose_config("scenario=loop").scenario
    assert (scenario.validation_routes, scenario.test_routes) == (None, None)
