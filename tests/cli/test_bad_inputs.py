"""Invalid input is rejected with one line that names the key and the allowed values, with exit code 2, and creates nothing."""

import json
import shlex
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import OmegaConf, open_dict

from av_td3.cli.arguments import explain, parse_arguments
from av_td3.cli.failures import launch_exit_code
from av_td3.cli.launch_check import LaunchCheck
from av_td3.cli.resume import job_of, without_hydra
from av_td3.config.composition import composed
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.override_text import quoted
from av_td3.config.unused_folder import register_resolvers
from av_td3.config.validation import validated
from av_td3.training.assembly import check_start
from tests.conftest import ROOT

LINES = (ROOT / "tests" / "cli" / "bad_inputs.tsv").read_text().splitlines()
TABLE = [line.split("\t") for line in LINES if not line.startswith("#")]


def words(text):
    try:
        return shlex.split(text)
    except ValueError:  # an odd quote, which the table is about
        return text.split(" ")


def launch(arguments):
    """Launch like ``launch.py``, up to the point where a run is built."""
    options = parse_arguments(arguments)
    register_resolvers()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        try:
            config = compose(options.config_name or "config", options.overrides, return_hydra_config=True)
        except HydraException as error:
            raise ConfigError(explain(error, options)) from error
        LaunchCheck().on_run_start(config)
        job, _ = job_of(without_hydra(config), options.overrides)
    check_start(validated(job, Config), Path("new"))


@pytest.mark.parametrize(("typed", "answer"), TABLE, ids=[typed for typed, _ in TABLE])
def test_a_bad_input_is_answered_in_one_line(typed, answer, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if typed == "hardware.device=cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    try:
        code = launch_exit_code(lambda: launch(words(typed)))
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr()
    assert code == 2, said
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("error: ")
    assert answer in said.err
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "typed", ["seed=1 seed=2", "algorithm.gradient_clipping.actor_max_norm=inf", "++algorithm.actor_lr=1e-3"]
)
def test_what_looks_odd_and_is_clear_is_taken(typed):
    assert launch_exit_code(lambda: launch(typed.split())) == 0


@pytest.fixture(scope="module")
def default():
    return composed(["name=test"])


def test_keys_that_plus_has_added_are_refused_wherever_they_stand(default):
    sections = ("", "algorithm.", "algorithm.gradient_clipping.", "hardware.slurm.", "observation.cameras.front.", "reward.")
    for key in (f"{section}extra" for section in (*sections, "reward.terms.progress.", "scenario.endings.goal.")):
        config = default.copy()
        with open_dict(config):
            OmegaConf.update(config, key, 1, force_add=True)
        with pytest.raises(ConfigError, match=rf"^{key}: no such key"):
            validated(config, Config)


def test_overrides_may_stand_on_both_sides_of_an_option():
    options = parse_arguments(["seed=1", "-m", "total_steps=7", "--config-name", "config", "seed=2"])
    assert (options.multirun, options.config_name) == (True, "config")
    assert options.overrides == ["seed=1", "total_steps=7", "seed=2"]


# -- resume ------------------------------------------------------------------------------------------------------------


def folder_with(tmp_path, overrides):
    folder = tmp_path / "a run, with (odd) 'name' and ${seed}"
    folder.mkdir()
    (folder / "overrides.yaml").write_text(overrides)
    return folder


@pytest.fixture(autouse=True)
def _hydra_as_it_was():
    """Restore Hydra's config, which a launch sets for the rest of its process."""
    before = HydraConfig.instance().cfg
    yield
    HydraConfig.instance().cfg = before


def resumed(folder, *typed):
    """The overrides of the run that ``resume=`` composes from a folder, and its config."""
    text = f"resume={quoted(str(folder))}"
    parse_arguments([text, *typed])
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return job_of(compose("config", [text]), [text, *typed])


def test_resume_stands_for_the_overrides_in_the_folder_whatever_its_name(tmp_path):
    register_resolvers()
    folder = folder_with(tmp_path, "- seed=3\n- +sweep=clip_norms\n- reward.weights.progress=0.5\n")
    config, overrides = resumed(folder, "total_steps=7")
    assert (config.seed, config.total_steps, config.reward.weights.progress) == (3, 7, 0.5)
    assert overrides == ["seed=3", "+sweep=clip_norms", "reward.weights.progress=0.5", "total_steps=7"]
    assert config.resume is None  # as in the run itself, whose config it is compared with
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        full = compose("config", [f"resume={quoted(str(folder))}"], return_hydra_config=True)
        assert Path(full.hydra.run.dir) == folder


def test_what_is_typed_beside_resume_goes_over_what_the_folder_says(tmp_path):
    config, overrides = resumed(folder_with(tmp_path, "- seed=3\n- total_steps=7\n"), "seed=4")
    assert (config.seed, config.total_steps) == (4, 7)
    assert overrides == ["seed=3", "total_steps=7", "seed=4"]


@pytest.mark.parametrize(
    "override",
    [
        "+hydra.callbacks.x={_target_: torch.load, f: /tmp/x, weights_only: false}",
        "hydra.searchpath=[file:///tmp]",
        "hydra/launcher=slurm",
        "+hydra.job.env_set.LD_PRELOAD=/tmp/x.so",
        "resume=/tmp",
        "foo=1",
        "network=../../../../../../../../tmp/evil",
        "+gate@hydra.callbacks=validation_5k",
        "reward={terms:{progress:{_target_:os.getcwd}}}",
        "simulator={_target_:theirs.Server}",
        "name=${unused_folder:/tmp,evil}",
        "name=${oc.env:HOME}",
        "scenario/x=y",
        "action={_target_:theirs.C,x:av_td3.env.action.SteerPedal}",
        "seed='${${name}:SHELL,xx}'",
        "observation.vector.speed='${oc.create:\"{x: 1}\"}'",
        "resume_with_changes=true",
        "++resume_with_changes=true",
    ],
)
def test_a_folder_cannot_make_hydra_call_anything(tmp_path, override):
    folder = folder_with(tmp_path, f"- seed=1\n- {json.dumps(override)}\n")
    with pytest.raises(ConfigError, match="is not a configuration key or file of conf/"):
        resumed(folder)


@pytest.mark.parametrize(
    "override",
    [
        "reward.terms.progress._target_=outputs.theirs.evil.Term",
        "algorithm._target_=theirs.TD3",
        "reward.terms.progress._target_=${name}",  # with a name such as outputs.theirs.evil.Term
        "reward.terms={progress:{_target_:outputs.theirs.evil.Term}}",
        "+reward.terms.mine={_target_:outputs.theirs.evil.Term,weight:1.0}",
        "+observation.cameras.mine={_target_:theirs.Camera}",
        "action._target_=run-av_td3.evil.C",
        "action._target_=1av_td3.evil.C",
        "+observation.vector.mine={_target_:theirs.C,x:av_td3.env.vector.Speed}",
    ],
)
def test_code_that_is_not_ours_is_resumed_with_only_when_it_is_named_again(tmp_path, override):
    folder = folder_with(tmp_path, f"- {json.dumps(override)}\n")
    with pytest.raises(ConfigError, match=r"is from outside av_td3; to resume with this code, repeat "):
        resumed(folder)
    assert override in resumed(folder, override).overrides


@pytest.mark.parametrize(
    "override", ["simulator.path=/tmp/theirs.sh", "simulator.arguments=[-x]", "+simulator.environment.A=b"]
)
def test_a_program_is_resumed_with_only_when_it_is_named_again(tmp_path, override):
    folder = folder_with(tmp_path, f"- simulator=carla_binary\n- simulator.timeout=7.0\n- {json.dumps(override)}\n")
    with pytest.raises(ConfigError, match=r"says which program is started; to resume with it, repeat "):
        resumed(folder)
    assert override in resumed(folder, override).overrides


@pytest.mark.parametrize(
    "override",
    [
        "algorithm.gradient_clipping={enabled:false}",
        "algorithm.critic_lr=${algorithm.actor_lr}",
        "reward.terms.progress._target_=av_td3.env.reward.Progress",
        "+observation.vector.previous={_target_:av_td3.env.vector.PreviousControls}",
        "+reward.weights.comfort=1.0",
        "~reward.terms.smoothness",
        "experiment=micro_500",
        "++seed=3",
    ],
)
def test_what_a_run_may_be_given_may_be_resumed(tmp_path, override):
    folder = folder_with(tmp_path, f"- {json.dumps(override)}\n")
    assert override in resumed(folder).overrides


@pytest.mark.parametrize("content", ["seed: 1\n", "- [1\n", "- 1\n", "\x00\x01", "- =1\n"])
def test_damaged_overrides_are_an_error(tmp_path, content):
    folder = folder_with(tmp_path, content)
    with pytest.raises(ConfigError):
        resumed(folder)


def test_a_line_of_shell_is_the_same_when_its_run_is_resumed(tmp_path):
    register_resolvers()
    folder = folder_with(tmp_path, r"""- "hardware.slurm.setup=['export A=\\${HOME}']" """)
    config, _ = resumed(folder, "name=test")
    assert validated(config, Config).hardware.slurm.setup == ["export A=${HOME}"]
