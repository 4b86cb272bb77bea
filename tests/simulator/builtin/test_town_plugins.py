"""Towns that another package adds are there like ours, and one that cannot be used is named."""

import re
import subprocess
import sys

import pytest

from av_td3.cli.tools import main
from av_td3.config.errors import ConfigError
from av_td3.simulator.builtin.rpc_handlers import RpcHandlers
from av_td3.simulator.builtin.simulation import Simulation
from av_td3.simulator.builtin.streams import Streams
from av_td3.simulator.builtin.town import PLANS, Plan, available_towns, load_town
from av_td3.simulator.builtin.wire import DONE, error_of
from av_td3.simulator.builtin.world import World
from tests.plugin_package import install

SOURCE = """
from av_td3.simulator.builtin.town import Plan

VALLEY = Plan(columns=2, rows=2, width=130.0, depth=110.0)
NO_PLAN = {"columns": 2}
STRAIGHT_ON = Plan(columns=3, rows=2, width=100.0, depth=100.0, missing=frozenset({((1, 0), (1, 1))}))
DEAD_END = Plan(columns=2, rows=2, width=100.0, depth=100.0, missing=frozenset({((0, 0), (0, 1))}))
"""


@pytest.fixture
def towns(tmp_path, monkeypatch):
    yield lambda source=SOURCE, **towns: install(tmp_path, monkeypatch, "av_td3.towns", towns, source)
    load_town.cache_clear()


@pytest.fixture
def methods():
    """What clients may call, of a server that has loaded one of our towns."""
    return RpcHandlers(Simulation(World("Loop01"), Streams(), 0))


def test_it_is_built_like_ours(towns):
    towns(Valley="VALLEY")
    town = load_town("Valley")
    assert town.name == "Carla/Maps/Valley"
    assert len(town.spawn_points) > 10
    assert town.buildings


def test_streets_may_go_straight_on_over_a_crossing_without_others(towns):
    towns(Oblong="STRAIGHT_ON")
    assert load_town("Oblong").spawn_points


def test_listing_towns_imports_none_and_loading_one_imports_no_other(towns, tmp_path, monkeypatch):
    theirs = towns(Valley="VALLEY")
    (tmp_path / "more").mkdir()
    others = install(tmp_path / "more", monkeypatch, "av_td3.towns", {"Atlantis": "ATLANTIS"}, "ATLANTIS = None")
    assert available_towns() == [f"/Game/Carla/Maps/{name}" for name in (*PLANS, "Atlantis", "Valley")]
    assert not {theirs, others} & set(sys.modules)
    load_town("Valley")
    assert others not in sys.modules


def test_our_own_towns_are_found_before_theirs_of_the_same_name(towns):
    theirs = towns(Loop01="VALLEY", Valley="VALLEY")
    load_town.cache_clear()
    ours = load_town("Loop01")
    assert theirs not in sys.modules
    assert ours.opendrive.replace("Loop01", "") != load_town("Valley").opendrive.replace("Valley", "")
    assert available_towns().count("/Game/Carla/Maps/Loop01") == 1


def test_importing_the_module_looks_for_no_entry_points():
    script = (
        "import importlib.metadata as m\n"
        "def refuse(**_): raise AssertionError('looked')\n"
        "m.entry_points = refuse\n"
        "from av_td3.simulator.builtin.town import load_town\n"
        "load_town('Loop01')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


# -- in a configuration ------------------------------------------------------------------------------------------------


def check(compose_config, *overrides):
    config = compose_config(*overrides)
    config.simulator.check(config.scenario)


def test_a_scenario_may_name_it(towns, compose_config):
    towns(Valley="VALLEY")
    check(compose_config, "scenario.town=Valley", "scenario.spawn_point=1")
    with pytest.raises(ConfigError, match=r"scenario.spawn_point=5000: Valley has the spawn points 0 to \d+$"):
        check(compose_config, "scenario.town=Valley", "scenario.spawn_point=5000")
    with pytest.raises(
        ConfigError, match=r"^scenario.town=Nowhere: the built-in simulator has Loop01, Ring01, Suburb01, Valley$"
    ):
        check(compose_config, "scenario.town=Nowhere")


@pytest.mark.parametrize(
    ("source", "attribute", "reason"),
    [
        (SOURCE, "NOWHERE", r"cannot be imported \(AttributeError: module 'plugin_\d+' has no attribute 'NOWHERE'\)"),
        ("import nothing_of_that_name", "VALLEY", r"cannot be imported \(ModuleNotFoundError: No module named .*\)"),
        (SOURCE, "NO_PLAN", "must be an object of av_td3.simulator.builtin.town.Plan"),
        (SOURCE, "DEAD_END", r"cannot be built: the crossing \(0, 0\) is a dead end; .*"),
    ],
)
def test_one_that_cannot_be_used_is_named_with_the_reason(towns, compose_config, capsys, source, attribute, reason):
    name = towns(source, Valley=attribute)
    line = rf"the entry point Valley = {name}:{attribute} of av_td3.towns {reason}"
    with pytest.raises(ConfigError, match=rf"^scenario.town=Valley: {line}$"):
        check(compose_config, "scenario.town=Valley")
    assert main(["simulator", "--town", "Valley"]) == 2
    assert re.fullmatch(rf"--town=Valley: {line}\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (Plan(1, 5, 100.0, 100.0), r"the crossing \(0, 0\) is a dead end"),
        (Plan(1, 1, 100.0, 100.0), "it has no streets"),
        (Plan(2, 2, 40.0, 100.0), r"the street \(\(0, 0\), \(1, 0\)\) is 16.0 m too short; set a larger width or depth"),
        (Plan(2, 2, 130.0, 100.0, bends=(((0, 0), (1, 0), 1),)), r"the street .* is 2.1 m too short"),
        (Plan(2, 2, 100.0, 100.0, missing=frozenset({((1, 0), (0, 0))})), r"there is no street \(\(1, 0\), \(0, 0\)\)"),
        (Plan(2, 2, 100.0, 100.0, bends=(((0, 0), (1, 1), 1),)), r"there is no street \(\(0, 0\), \(1, 1\)\)"),
        (Plan("2", 2, 100.0, 100.0), "'str' object cannot be interpreted as an integer"),
    ],
)
def test_a_plan_that_no_town_can_be_built_of_is_refused(towns, compose_config, monkeypatch, plan, reason):
    module = towns("PLAN = None", Valley="PLAN")
    monkeypatch.setattr(__import__(module), "PLAN", plan)
    with pytest.raises(ConfigError, match=f"cannot be built: {reason}"):
        check(compose_config, "scenario.town=Valley")


# -- in the server -----------------------------------------------------------------------------------------------------


def test_clients_list_and_load_it_like_ours(towns, methods):
    towns(Valley="VALLEY")
    assert "/Game/Carla/Maps/Valley" in methods.get_available_maps()[0][1]
    assert methods.load_new_episode("/Game/Carla/Maps/Valley") == DONE
    assert methods.get_map_info()[0][1][0] == "Carla/Maps/Valley"


def test_the_server_continues_without_one_that_cannot_be_used(towns, methods, caplog):
    towns("import nothing_of_that_name", Valley="VALLEY")
    answer = methods.load_new_episode("Valley")
    assert error_of(answer).startswith("Map 'Valley' cannot be loaded: the entry point Valley = ")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert methods.get_map_info()[0][1][0] == "Carla/Maps/Loop01"
