import pytest
import yaml

from av_td3.config.composition import composed, driving_task
from av_td3.config.errors import ConfigError
from av_td3.runs.config_file import write_config
from av_td3.runs.driving_task import driving_task_of
from av_td3.runs.lock import alone_in

OVERRIDES = ["name=test", "scenario=loop", "reward.target_speed=20"]


@pytest.fixture
def run(tmp_path):
    """The folder of a run, as it begins."""
    folder = tmp_path / "run"
    with alone_in(folder, lambda: None):
        write_config(folder, composed(OVERRIDES), OVERRIDES)
    return folder


def rewrite(run, change):
    content = yaml.safe_load((run / "config.yaml").read_text())
    change(content)
    (run / "config.yaml").write_text(yaml.safe_dump(content))


def test_it_is_that_of_the_run_and_overrides_come_after_its_own(run):
    assert driving_task_of(run) == driving_task(OVERRIDES)
    more = ["reward.target_speed=40", "observation=vector", "render=dash"]
    assert driving_task_of(run, more) == driving_task([*OVERRIDES, *more])  # with all keys that refer to the target speed
    assert driving_task_of(run, more).reward.terms["progress"].target_speed == 40.0


def test_a_run_without_the_section_render_gets_the_default_view(run):
    rewrite(run, lambda content: content.pop("render"))
    assert driving_task_of(run) == driving_task(OVERRIDES)
    assert driving_task_of(run, ["render.width=640"]).render.width == 640


def test_the_config_counts_where_conf_has_changed_and_overrides_change_what_they_name(run):
    rewrite(run, lambda content: content["scenario"].update(route_length=77.0))
    assert driving_task_of(run).scenario.route_length == 77.0
    changed = driving_task_of(run, ["scenario.npc_vehicles=3"]).scenario
    assert (changed.route_length, changed.npc_vehicles) == (77.0, 3)


def test_overrides_count_where_the_run_has_other_defaults_than_conf_has_now(tmp_path):
    folder = tmp_path / "older"
    with alone_in(folder, lambda: None):
        write_config(folder, composed(["name=test"]), [])
    rewrite(folder, lambda content: content["scenario"].update(npc_vehicles=20, route_length=77.0))
    rewrite(folder, lambda content: content["scenario"].update(validation_routes=None))
    rewrite(folder, lambda content: content["reward"].update(target_speed=20.0))
    rewrite(folder, lambda content: content["reward"]["terms"]["progress"].update(target_speed=20.0))
    for overrides in (["scenario.npc_vehicles=0"], ["++scenario.npc_vehicles=0"]):
        scenario = driving_task_of(folder, overrides).scenario
        assert (scenario.npc_vehicles, scenario.route_length) == (0, 77.0)
    routes = "suburb01_validation"  # is null in the run
    assert driving_task_of(folder, [f"scenario.validation_routes={routes}"]).scenario.validation_routes == routes
    assert driving_task_of(folder, ["scenario=suburb_empty"]).scenario == driving_task(["name=test"]).scenario
    assert driving_task_of(folder, ["scenario=suburb_empty", "scenario.npc_vehicles=3"]).scenario.npc_vehicles == 3
    reward = driving_task_of(folder, ["reward.target_speed=30"]).reward
    assert (reward.target_speed, reward.terms["progress"].target_speed) == (30.0, 30.0)
    assert driving_task_of(folder, ["reward.weights.progress=0.4"]).reward.target_speed == 20.0


FOREIGN = "their_camera.Camera"


def test_code_of_others_is_not_run_unless_it_is_named(run, tmp_path, monkeypatch):
    (tmp_path / "their_camera.py").write_text(
        "from pathlib import Path\nfrom av_td3.env.cameras import RgbCamera\n"
        f"Path({str(tmp_path / 'ran')!r}).touch()\nclass Camera(RgbCamera):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    rewrite(run, lambda content: content["observation"]["cameras"]["front"].update(_target_=FOREIGN))
    for overrides in ([], ["scenario.npc_vehicles=3"]):
        with pytest.raises(ConfigError, match=r"from outside av_td3 \(their_camera\.Camera\); .* packages=\['their_camera'\]"):
            driving_task_of(run, overrides)
    assert not (tmp_path / "ran").exists()
    task = driving_task_of(run, packages=["their_camera"])
    assert type(task.observation.cameras["front"]).__module__ == "their_camera"


@pytest.mark.parametrize("text", [f"observation.cameras.front._target_={FOREIGN}", "hydra.searchpath=[file:///tmp]",
                                  "scenario.town=${unused_folder:/tmp/made,x}", "+hydra.x=1"])  # fmt: skip
def test_recorded_overrides_select_no_code(run, text):
    (run / "overrides.yaml").write_text(yaml.safe_dump([*OVERRIDES, text]))
    rewrite(run, lambda content: content.update(observation="gone"))  # so that the whole section is taken from them
    with pytest.raises(ConfigError, match=r"overrides\.yaml|from outside av_td3 \(their_camera\.Camera\)"):
        driving_task_of(run, ["observation.stack=3"])


def test_what_is_no_run_and_what_is_invalid_is_an_error_of_one_line(run, tmp_path):
    (tmp_path / "config.yaml").write_text("theirs: 1\n")
    for folder, overrides, words in (
        (tmp_path / "nowhere", [], "nowhere: not the folder of a run"),
        (tmp_path, [], r"not the folder of a run \(config.yaml has no scenario, observation"),
        (run, ["scenario.npc_vehicle=3"], r"scenario\.npc_vehicle: no such key; did you mean scenario\.npc_vehicles"),
    ):
        with pytest.raises(ConfigError, match=words) as error:
            driving_task_of(folder, overrides)
        assert "\n" not in str(error.value)
    rewrite(run, lambda content: content["scenario"].update(route_length=1.0))
    with pytest.raises(ConfigError, match=r"config\.yaml: scenario\.route_length=1\.0: must be at least 10"):
        driving_task_of(run)


def test_a_folder_names_no_program_that_is_started(run, tmp_path):
    own = driving_task(["name=x", "simulator=carla_binary", "simulator.path=/opt/own/CarlaUE4.sh"])
    theirs = own.simulator.model_dump(mode="json") | {
        "_target_": "av_td3.simulator.carla_binary.CarlaBinary",
        "path": "/tmp/theirs.sh",
    }
    rewrite(run, lambda content: content.update(simulator=theirs))
    for overrides in ([], ["scenario.npc_vehicles=3"], ["simulator.timeout=7.0"]):
        with pytest.raises(ConfigError, match=r"its simulator starts programs that the file names; select yours"):
            driving_task_of(run, overrides)
    (run / "overrides.yaml").write_text(yaml.safe_dump(["simulator=carla_binary", "simulator.path=/tmp/theirs.sh"]))
    chosen = driving_task_of(run, ["simulator=carla_binary", "simulator.path=/opt/own/CarlaUE4.sh"]).simulator
    assert chosen.path == "/opt/own/CarlaUE4.sh"
    assert driving_task_of(run, ["simulator=builtin"]).simulator.default_town == "Suburb01"
