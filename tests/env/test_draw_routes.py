"""The files of ``conf/routes/`` are what the command in their header draws."""

import re
import sys

import carla
import pytest

from av_td3.config.route_set import FOLDER, load_route_set
from av_td3.env import draw_routes
from av_td3.env.draw_routes import Wanted, draw, load_map
from av_td3.env.junction_turns import junction_turns
from av_td3.env.route_planner import RoutePlanner
from av_td3.env.town_roads import end_lanes
from tests.conftest import ROOT

OPENDRIVE = ROOT.parent / "shared" / "opendrive"  # the towns of CARLA, which are not part of this project
SETS = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def command_of(name):
    """The words after ``python -m`` in the header of a file; skips where its town is not here."""
    (words,) = re.findall(r"python -m av_td3\.env\.draw_routes (.*)", (FOLDER / f"{name}.yaml").read_text())
    town, *options = words.split()
    if town.endswith(".xodr"):
        if not (OPENDRIVE / town).is_file():
            pytest.skip(f"needs {OPENDRIVE / town}")
        town = str(OPENDRIVE / town)
    return [town, *options]


@pytest.mark.parametrize("name", SETS)
def test_a_file_is_drawn_again_byte_for_byte(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["draw_routes", *command_of(name)])
    draw_routes.main()
    assert capsys.readouterr().out == (FOLDER / f"{name}.yaml").read_text()


@pytest.mark.parametrize("name", [name for name in SETS if not name.endswith("_test")])
def test_no_other_set_starts_or_ends_on_a_lane_of_the_test_routes(name):
    carla_map = load_map(command_of(name)[0])
    test, other = (load_route_set(one).routes for one in (f"{name.partition('_')[0]}_test", name))
    assert end_lanes(carla_map, test) & end_lanes(carla_map, other) == set()


@pytest.mark.parametrize("name", SETS)
def test_most_routes_turn_and_all_are_as_long_as_the_command_says(name):
    words = command_of(name)
    options = dict(zip(words[1::2], words[2::2], strict=False))
    carla_map, routes = load_map(words[0]), load_route_set(name).routes
    planner = RoutePlanner(carla_map)
    turning = 0
    for route in routes:
        places = [carla_map.get_waypoint(carla.Location(*at)) for at in route.positions]
        planned = planner.plan_through(places)
        assert float(options["--length"]) - 1.0 < planned.length < float(options["--length"]) + 7.0
        assert not any(place.is_junction for place in places)
        turning += any(turn != "Straight" for turn in junction_turns(carla_map, planned.points))
    stated = re.match(r"# (\d+) routes: (\d+) turn", (FOLDER / f"{name}.yaml").read_text())
    assert (len(routes), turning) == tuple(map(int, stated.groups()))
    assert turning == int(options["--turning"]) > 0.5 * len(routes)


def test_another_seed_draws_other_routes_and_too_few_are_said():
    carla_map = load_map("Loop01")
    a, b = (draw(carla_map, Wanted(3, 100.0, 0, 100), (), seed) for seed in (0, 1))
    assert [one.start.transform.location.x for one in a] != [one.start.transform.location.x for one in b]
    with pytest.raises(ValueError, match=r"^only 0 of 3 routes found; allow more lanes, or fewer turns$"):
        draw(carla_map, Wanted(3, 100.0, 3, 100), (), 0)
