"""``av-td3 evaluate`` on runs of untrained policies, whose episodes are cut off after a few steps."""

import csv
import json
import re

import av
import pytest

from av_td3.cli.tools import main
from tests.policies.saved_policy import write_policy

SHORT = ("scenario=suburb_empty", "scenario.max_episode_steps=6", "scenario.warmup_ticks=2")
ROUTES = """town: Suburb01
routes:
  near: [[48.00, 1.75, 0.00], [247.25, -1.00, 0.00]]
  far: [[382.00, -128.25, 0.00], [464.00, 1.75, 0.00]]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with two runs, and a set of two routes."""
    folder = tmp_path_factory.mktemp("evaluate")
    write_policy(folder / "run", *SHORT, scores=[(10, 5.0), (20, 1.0)])
    write_policy(folder / "sweep" / "0", *SHORT)
    (folder / "two.yaml").write_text(ROUTES)
    return folder


@pytest.fixture
def evaluate(place, tmp_path, capsys, monkeypatch):
    """Evaluate from the folder of the runs into a new one; returns that, its rows, its evaluation and what was printed."""
    monkeypatch.chdir(place)

    def run(*words, output=tmp_path / "evaluation", routes=("--routes", "two.yaml")):
        where = [] if output is None else ["--output", str(output)]
        code = main(["evaluate", *words, *routes, *where])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        folder = output or place / out.splitlines()[-1].rpartition("/")[0]
        rows = list(csv.DictReader((folder / "episodes.csv").open()))
        return folder, rows, json.loads((folder / "evaluation.json").read_text()), out

    return run


def test_an_evaluation_is_a_folder_of_its_run(evaluate, place):
    folder, rows, found, out = evaluate("run", output=None)
    assert folder == place / "run" / "evaluation" / "two"
    written = {"episodes.csv", "evaluation.json", "evaluation.html", "table.tex", "trajectories.csv", "map.json"}
    written |= {"simulator.log", "worker.log"}
    assert {path.name for path in folder.iterdir()} == written
    assert [(row["policy"], row["route"], row["ending"], row["steps"]) for row in rows] == [
        ("run", "near", "time_limit", "6"),
        ("run", "far", "time_limit", "6"),
    ]
    assert "run  1/2  route near: time_limit, 0 % of the route; its 20" in out
    assert "scenario.max_episode_steps=6" in out
    (policy,) = found["policies"]
    assert (policy["checkpoint"], found["seed"], found["repeats"], found["config_changes"]) == (20, 0, 1, {})
    assert (found["routes"]["name"], found["routes"]["file"], found["routes"]["count"]) == ("two", "two.yaml", 2)
    again, _, found, _ = evaluate("run", "--checkpoint", "best", output=None)
    assert (again.name, found["policies"][0]["checkpoint"]) == ("two-2", 10)


def test_equal_seeds_give_equal_bytes_from_wherever_it_is_started(evaluate, place, tmp_path, monkeypatch):
    traffic = ("scenario.npc_vehicles=4", "--repeats", "2")
    first, rows, *_ = evaluate("run", *traffic, "--seed", "3", output=tmp_path / "first")
    monkeypatch.chdir(tmp_path)
    again, *_ = evaluate(
        str(place / "run"), *traffic, "--seed", "3", output=tmp_path / "again", routes=("--routes", str(place / "two.yaml"))
    )
    for name in ("episodes.csv", "trajectories.csv"):
        assert (first / name).read_bytes() == (again / name).read_bytes()
    assert [(row["route"], row["repeat"]) for row in rows] == [(route, n) for route in ("near", "far") for n in "01"]


def test_overrides_stand_anywhere_change_what_is_driven_and_are_recorded(evaluate):
    _, rows, found, _ = evaluate(
        "scenario.npc_vehicles=2", "--seed", "1", "run", "--repeats", "1", "scenario.max_episode_steps=3"
    )
    assert [row["steps"] for row in rows] == ["3", "3"]
    assert found["config_changes"] == {"scenario.max_episode_steps": "3", "scenario.npc_vehicles": "2"}
    settings = found["settings"]["scenario"]
    assert (settings["max_episode_steps"], settings["npc_vehicles"]) == (3, 2)


def test_a_checkpoint_can_be_named_by_its_folder(evaluate, place):
    folder, rows, found, _ = evaluate("run/checkpoints/000000020", output=None)
    assert found["policies"][0]["checkpoint"] == 20
    assert folder.parent == place / "run" / "evaluation"  # not in the checkpoint
    assert rows[0]["policy"] == "checkpoints/000000020"


def test_several_runs_drive_the_same_routes(evaluate, place):
    _, rows, found, _ = evaluate("run", "sweep/0")
    runs = (f"{place.name}/run", "sweep/0")  # a bare number would not say which run it is
    assert [(row["policy"], row["route"]) for row in rows] == [(run, route) for run in runs for route in ("near", "far")]
    assert len(found["policies"]) == 2
    assert found["summary"]["overall"]["episodes"] == 4


def test_a_sweep_is_its_runs(evaluate, place):
    _, rows, found, _ = evaluate("sweep")
    assert ([policy["run"] for policy in found["policies"]], len(rows)) == (["sweep/0"], 2)


def test_runs_with_other_tasks_are_not_evaluated_together(evaluate, place, capsys):
    content = (place / "sweep" / "0" / "config.yaml").read_text()
    (place / "sweep" / "0" / "config.yaml").write_text(re.sub(r"npc_vehicles: \d+", "npc_vehicles: 7", content))
    try:
        assert main(["evaluate", "run", "sweep/0", "--output", str(place / "unequal")]) == 3
    finally:
        (place / "sweep" / "0" / "config.yaml").write_text(content)
    assert "drive different tasks: scenario.npc_vehicles is " in capsys.readouterr().err
    assert not (place / "unequal").exists()


def test_nothing_is_overwritten(evaluate, place, capsys):
    before = (place / "run" / "episodes.csv").read_bytes() if (place / "run" / "episodes.csv").exists() else None
    assert main(["evaluate", "run", "--routes", "two.yaml", "--output", str(place / "run")]) == 3
    assert "is not empty; name a new folder with --output" in capsys.readouterr().err
    assert before == ((place / "run" / "episodes.csv").read_bytes() if before is not None else None)


@pytest.mark.parametrize("driver", ["pure_pursuit", "autopilot", "random"])
def test_other_drivers_need_no_run(evaluate, driver):
    _, rows, found, _ = evaluate("--driver", driver, *SHORT)
    assert found["policies"] == [{"name": driver, "run": None, "checkpoint": None, "driver": driver}]
    assert len(rows) == 2


def test_a_driver_takes_the_config_of_a_run(evaluate, place):
    folder, rows, *_ = evaluate("run", "--driver", "random", output=None)
    assert [row["steps"] for row in rows] == ["6", "6"]
    assert folder == place / "run" / "evaluation" / "random-two"


def test_a_town_that_was_not_trained_in_has_its_own_routes_or_drawn_ones(evaluate):
    _, rows, found, _ = evaluate("run", "--town", "Ring01", "scenario.max_episode_steps=2", routes=())
    assert (len(rows), {row["town"] for row in rows}, found["routes"]["name"]) == (20, {"Ring01"}, "ring01_test")
    _, rows, found, _ = evaluate("run", "--town", "Loop01", "scenario.max_episode_steps=2", routes=(), output=None)
    assert (len(rows), {row["town"] for row in rows}, found["routes"]["name"]) == (20, {"Loop01"}, "drawn")


def test_as_many_routes_are_drawn_as_are_asked_for(evaluate):
    folder, rows, found, _ = evaluate("run", output=None, routes=("--episodes", "2"))
    assert ([row["route"] for row in rows], found["routes"]["file"]) == (["0", "1"], None)
    assert folder.name.startswith("drawn")


def test_the_weather_comes_before_that_of_the_routes(evaluate, place):
    positions = '<waypoint x="48" y="1.75" z="0"/><waypoint x="247.25" y="-1" z="0"/>'
    (place / "rain.xml").write_text(
        f'<routes><route id="1" town="Suburb01"><weather cloudiness="90"/>{positions}</route></routes>'
    )
    xml = ("--routes", "rain.xml")
    assert [row["weather"] for row in evaluate("run", routes=xml)[1]] == ["route"]
    assert [row["weather"] for row in evaluate("run", "--weather", "WetNight", routes=xml, output=None)[1]] == ["WetNight"]


def test_each_episode_is_recorded(evaluate):
    folder, rows, *_ = evaluate("run", "--video", "--repeats", "2")
    videos = sorted((folder / "videos").iterdir())
    assert [path.name for path in videos] == [
        f"run-route-{route}-repeat-{repeat}.mp4" for route in ("far", "near") for repeat in (0, 1)
    ]
    for path in videos:
        with av.open(str(path)) as video:
            assert sum(1 for _ in video.decode(video=0)) == 7  # the first observation, and one for each step
            assert video.streams.video[0].average_rate == 10
    assert (folder / "evaluation.html").read_text().count("data:video/mp4;base64,") == len(rows) == 4


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ([], "name the folder of a run, or another driver with --driver pure_pursuit, autopilot or random"),
        (["nowhere"], "nowhere: not the folder of a run or of a checkpoint (no such folder)"),
        (["."], "not the folder of a run or of a checkpoint (no checkpoints/ in it)"),
        (["run", "--checkpoint", "30"], "checkpoint=30: no such checkpoint; run has 10, 20"),
        (["run", "./run"], "run: is named twice; name each run once, and repeat its routes with --repeats"),
        (["run", "sweep/0", "--driver", "random"], "--driver random: drives with the config of one run; 2 are named"),
        (["two.yaml", "--driver", "random"], "two.yaml: not the folder of a run (it has no config.yaml)"),
        (
            ["run", "observation.stack=2"],
            "needs that of its training; observation.stack was 4, is 2",
        ),
        (
            ["run", "action=steer_pedal_rate_limited"],
            "action: the policy of run needs that of its training; action.",
        ),
        (["run", "scenario.npc_vehicles=many"], "scenario.npc_vehicles"),
        (["run", "scenario.npcs=3"], "scenario.npcs"),
        (["run", "--routes", "none"], "routes none: No such file or directory; conf/routes/ has ring01_test, "),
        (
            ["run", "--town", "Ring01", "--routes", "two.yaml"],
            "--town Ring01: the routes of two.yaml are in Suburb01; choose another set",
        ),
        (["run", "--town", "Atlantis"], "scenario.town=Atlantis: the built-in simulator has Loop01, Ring01, Suburb01"),
        (["run", "--routes", "town01_test"], "routes town01_test: scenario.town=Town01: the built-in simulator has"),
        (["run", "--weather", "Snow"], "scenario.weather=Snow"),
        (["run", "--output", "two.yaml/a"], "two.yaml/a: Not a directory"),
    ],
)
def test_what_cannot_be_evaluated_is_said_in_one_line_with_exit_code_3(place, capsys, monkeypatch, words, answer):
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    code = main(["evaluate", *words])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (3, "", 1), err
    assert answer in err
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize(
    "words", [["--repeats", "0"], ["--episodes", "x"], ["--episodes", "2", "--routes", "two.yaml"], ["--color", "red"]]
)
def test_a_wrong_option_is_explained(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "run", *words])
    assert ended.value.code == 3
    assert words[0] in capsys.readouterr().err


def test_a_set_whose_name_is_no_folder_name_has_a_folder(evaluate, place):
    (place / "my routes.yaml").write_text(ROUTES.rpartition("  far")[0])
    folder, *_ = evaluate("run", output=None, routes=("--routes", "my routes.yaml"))
    assert folder.name == "my_routes"
