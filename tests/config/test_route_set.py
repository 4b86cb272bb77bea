"""Sets of fixed routes, in the project's own format and in those of the CARLA leaderboard."""

import pytest

from av_td3.config.errors import ConfigError
from av_td3.config.route_set import FOLDER, load_route_set

VERSION_2 = """<?xml version="1.0"?>
<routes>
  <route id="3" town="Town01">
    <weathers>
      <weather route_percentage="0" cloudiness="5.0" sun_altitude_angle="-90.0" route_of="x"/>
      <weather route_percentage="100" cloudiness="90.0"/>
    </weathers>
    <waypoints><position x="1.5" y="-2" z="0.5"/><position x="3" y="4" z="0"/><position x="5" y="6" z="0"/></waypoints>
    <scenarios><scenario type="Hazard"><trigger_point x="9" y="9" z="9" yaw="0"/></scenario></scenarios>
  </route>
  <route id="4" town="Town02"><waypoints><position x="0" y="0" z="0"/><position x="9" y="0" z="0"/></waypoints></route>
</routes>"""
VERSION_1 = """<routes><route id="0" town="Town01">
  <weather id="dark" cloudiness="0" wetness="50.0"/>
  <waypoint pitch="0" roll="0" x="1" y="2" yaw="90" z="0"/><waypoint pitch="0" roll="0" x="3" y="4" yaw="90" z="0"/>
</route></routes>"""
YAML = "town: Ring01\nroutes:\n  0: [[1, 2, 0], [3.5, -4, 0]]\n  bend: [[1, 2, 0], [2, 2, 0], [3, 4, 0]]\n"


def load(folder, text, name="set.yaml"):
    (folder / name).write_text(text)
    return load_route_set(str(folder / name))


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_every_set_of_the_project_is_read_by_its_name(name):
    found = load_route_set(name)
    assert found.name == name
    assert {route.town.lower() for route in found.routes} == {name.partition("_")[0]}
    assert all(len(route.positions) == 2 and route.weather == {} for route in found.routes)


def test_a_file_of_ones_own_is_read_by_its_path(tmp_path):
    routes = load(tmp_path, YAML).routes
    assert [(route.id, route.town) for route in routes] == [("0", "Ring01"), ("bend", "Ring01")]
    assert routes[0].positions == [[1.0, 2.0, 0.0], [3.5, -4.0, 0.0]]
    assert len(routes[1].positions) == 3


def test_routes_of_the_leaderboard_2_have_the_weather_at_their_start(tmp_path):
    found = load(tmp_path, VERSION_2, "set.xml")
    first, second = found.routes
    assert (first.id, first.town) == ("3", "Town01")
    assert first.positions == [[1.5, -2.0, 0.5], [3.0, 4.0, 0.0], [5.0, 6.0, 0.0]]  # not the trigger points
    assert first.weather == {"cloudiness": 5.0, "sun_altitude_angle": -90.0}
    assert second.weather == {}
    assert found.of_towns(["Town02", "Town09"]) == [second]


def test_routes_of_the_leaderboard_1(tmp_path):
    (route,) = load(tmp_path, VERSION_1, "set.xml").routes
    assert route.positions == [[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]
    assert route.weather == {"cloudiness": 0.0, "wetness": 50.0}


TWO = '<waypoint x="1" y="2" z="0"/><waypoint x="1" y="2" z="0"/>'


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("set.yaml", "town: [", "not a file of routes (ParserError"),
        ("set.yaml", "", "not a file of routes (TypeError"),
        ("set.yaml", "routes: {}", "not a file of routes (KeyError: 'town')"),
        ("set.yaml", "town: Ring01\nroutes: [1]", "not a file of routes (AttributeError"),
        ("set.yaml", "town: Ring01\nroutes: {}", "routes"),
        ("set.yaml", "town: Ring01\nroutes: {a: [[1, 2, 0]]}", "route a: positions=[[1, 2, 0]]: must have 2 or more entries"),
        (
            "set.yaml",
            "town: Ring01\nroutes: {a: [[1, 2], [3, 4, 5]]}",
            "route a: positions=[[1, 2], [3, 4, 5]]: must have 3 or more entries",
        ),
        (
            "set.yaml",
            "town: Ring01\nroutes: {a: [[1, 2, .nan], [3, 4, 5]]}",
            "route a: positions=[[1, 2, nan], [3, 4, 5]]: must be at least",
        ),
        ("set.yaml", "town: 'a b'\nroutes: {a: [[1, 2, 0], [3, 4, 5]]}", "the name of a map, such as Town01"),
        ("set.yaml", "town: !!python/object/apply:os.system [date]\nroutes: {}", "not a file of routes (ConstructorError"),
        ("set.xml", "<routes><route", "not a file of routes (ParseError"),
        ("set.xml", "<routes/>", "routes"),
        ("set.xml", f'<routes><route town="Town01">{TWO}</route></routes>', "not a file of routes (KeyError: 'id')"),
        ("set.xml", '<routes><route id="1" town="Town01"/></routes>', "route 1: positions=[]: must have 2 or more entries"),
        (
            "set.xml",
            f'<r><route id="1" town="A">{TWO.replace("2", "two")}</route></r>',
            "could not convert string to float: 'two'",
        ),
        (
            "set.xml",
            f'<r><route id="1" town="A">{TWO}</route><route id="1" town="A">{TWO}</route></r>',
            "two routes have the id 1",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path, name, text, words):
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text, name)
    message = str(raised.value)
    assert message.startswith(f"routes {tmp_path / name}: ")
    assert message.count(str(tmp_path / name)) == 1
    assert words in message
    assert "\n" not in message


def test_what_can_be_named_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"routes suburb: No such file or directory; conf/routes/ has ring01_test, suburb01_"):
        load_route_set("suburb")
    (tmp_path / "set.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"set\.yaml: not text; conf/routes/ has "):
        load_route_set(str(tmp_path / "set.yaml"))
