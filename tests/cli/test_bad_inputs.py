"""What is refused, and how: by one line that names the key and what is right, exit code 2, before anything is created."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from av_td3.cli.exit_codes import exit_code
from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from omegaconf import OmegaConf, open_dict

from av_td3 import run
from av_td3.cli.arguments import checked
from av_td3.cli.launch_check import LaunchCheck, without_hydra
from av_td3.config.experiment import Config, ConfigError, all_keys, register_schema, validated
from av_td3.config.limits import Interval
from tests.conftest import ROOT

TABLE = [line.split("\t") for line in (ROOT / "tests" / "bad_inputs.tsv").read_text().splitlines() if not line.startswith("#")]


def words(text):
    try:
        return shlex.split(text)
    except ValueError:  # an odd quote, which the table is about
        return text.split(" ")


def launch(arguments):
    """As ``launch.py`` does it, up to where a run begins to build what it needs."""
    options = get_args_parser().parse_intermixed_args(checked(arguments))
    register_schema()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        composed = compose(options.config_name or "config", options.overrides, return_hydra_config=True)
    LaunchCheck().on_run_start(composed)
    run._check_what_it_needs(validated(without_hydra(composed)))


@pytest.mark.parametrize(("typed", "answer"), TABLE, ids=[typed for typed, _ in TABLE])
def test_a_bad_input_is_answered_in_one_line(typed, answer, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if typed == "hardware.device=cuda" and run.torch.cuda.is_available():
        pytest.skip("there is a GPU")
    try:
        code = exit_code(lambda: launch(words(typed)))
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
    assert exit_code(lambda: launch(typed.split())) == 0


def numeric_keys():
    found = {}

    def walk(fields, path):
        for name, field in fields.items():
            inner = getattr(field.default_factory, "__dataclass_fields__", None)
            if inner:
                walk(inner, f"{path}{name}.")
            elif isinstance(field.metadata.get("allowed"), Interval):
                found[f"{path}{name}"] = field.metadata["allowed"]

    walk(Config.__dataclass_fields__, "")
    return found


@pytest.fixture(scope="module")
def composed():
    register_schema()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose("config", ["name=test"])


def test_every_number_has_a_range_and_nan_and_inf_are_refused_but_where_inf_means_off(composed):
    keys = numeric_keys()
    unbounded = [key for key in keys if keys[key].infinite]
    assert unbounded == [f"algorithm.gradient_clipping.{name}" for name in ("actor_max_norm", "critic_max_norm", "norm_type")]
    for key, allowed in keys.items():
        for value in (np.nan, np.inf, -np.inf, 2.0 * allowed.high + 1.0, allowed.low - 1.0):
            if value == np.inf and allowed.infinite:
                continue
            config = validated(composed)
            *path, last = key.split(".")
            node = config
            for part in path:
                node = getattr(node, part)
            before = getattr(node, last)
            bad = {"x": value} if isinstance(before, dict) else [value] if isinstance(before, list) else value
            setattr(node, last, bad)
            with pytest.raises(ConfigError, match=f"^{key}.*must be"):
                run_ranges(config)


def run_ranges(config):
    from av_td3.config.experiment import _check_ranges

    _check_ranges(config, "")


def test_every_key_of_a_number_is_bounded():
    """A key of the schema that takes a number without a range could be forgotten; this list names those that take none."""
    bounded = set(numeric_keys())
    hints = {key for key in all_keys() if key not in bounded}
    texts = {
        *("name", "resume_with_changes", "replay.storage", "logging.wandb_project", "alerts.stop_on", "hardware.device"),
        *(
            "hardware.precision",
            "hardware.compile",
            "hardware.slurm.partition",
            "hardware.slurm.account",
            "hardware.slurm.setup",
        ),
        *("network.gradient_routing", "network.trunk", "network.convolutions", "reward.terms", "simulator._target_"),
        *("simulator.host", "simulator.reload_each_episode", "scenario.town", "scenario.vehicle", "scenario.weather"),
        *("algorithm._target_", "algorithm.optimizer", "algorithm.reward_normalization"),
        *("algorithm.gradient_clipping.enabled", "algorithm.gradient_clipping.scope"),
    }
    assert hints == texts


def test_keys_that_plus_has_added_are_refused_wherever_they_stand(composed):
    for key in ("extra", "algorithm.extra", "scenario.camera.extra", "hardware.slurm.extra"):
        config = composed.copy()
        with open_dict(config):
            OmegaConf.update(config, key, 1, force_add=True)
        with pytest.raises(ConfigError, match=rf"^{key}: no such key"):
            validated(config)


def test_overrides_may_stand_on_both_sides_of_an_option():
    arguments = ["seed=1", "-m", "total_steps=7", "--config-name", "config", "seed=2"]
    assert checked(arguments) == ["-m", "--config-name", "config", "seed=1", "total_steps=7", "seed=2"]


# -- resume ------------------------------------------------------------------------------------------------------------


def folder_with(tmp_path, overrides):
    folder = tmp_path / "a run, with (odd) 'name'"
    folder.mkdir()
    (folder / "overrides.yaml").write_text(overrides)
    return folder


def test_resume_stands_for_the_overrides_in_the_folder_whatever_its_name(tmp_path):
    folder = folder_with(tmp_path, "- seed=3\n- +sweep=clip_norms\n- reward.weights.progress=0.5\n")
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        arguments = checked([f"resume={folder}", "total_steps=7"])
        config = compose("config", arguments, return_hydra_config=True)
    assert (config.seed, config.total_steps, config.reward.weights.progress) == (3, 7, 0.5)
    assert Path(config.hydra.run.dir) == folder


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
        "reward={terms:{progress:os.getcwd}}",
        "simulator={_target_:theirs.Server}",
        "name=${unused_folder:/tmp,evil}",
        "name=${oc.env:HOME}",
        "scenario/x=y",
    ],
)
def test_a_folder_cannot_make_hydra_call_anything(tmp_path, override):
    folder = folder_with(tmp_path, f"- seed=1\n- {json.dumps(override)}\n")
    with pytest.raises(ConfigError, match="is not a configuration key or file of conf/"):
        checked([f"resume={folder}"])


@pytest.mark.parametrize(
    "override",
    [
        "reward.terms.progress=outputs.theirs.evil.f",
        "algorithm._target_=theirs.TD3",
        "reward.terms.progress=${name}",  # with a name such as outputs.theirs.evil.f
        "reward.terms={progress:outputs.theirs.evil.f}",
    ],
)
def test_code_that_is_not_ours_is_resumed_with_only_when_it_is_named_again(tmp_path, override):
    folder = folder_with(tmp_path, f"- {json.dumps(override)}\n")
    with pytest.raises(ConfigError, match=r"names code of your own; .*write .* again"):
        checked([f"resume={folder}"])
    assert override in checked([f"resume={folder}", override])


@pytest.mark.parametrize(
    "override",
    [
        "algorithm.gradient_clipping={enabled:false}",
        "algorithm.critic_lr=${algorithm.actor_lr}",
        "reward.terms.progress=av_td3.env.reward.progress",
        "+reward.weights.comfort=1.0",
        "~reward.terms.comfort",
        "experiment=micro_500",
        "++seed=3",
    ],
)
def test_what_a_run_may_be_given_may_be_resumed(tmp_path, override):
    folder = folder_with(tmp_path, f"- {json.dumps(override)}\n")
    assert override in checked([f"resume={folder}"])


@pytest.mark.parametrize("content", ["seed: 1\n", "- [1\n", "- 1\n", "\x00\x01", "- =1\n"])
def test_damaged_overrides_are_told(tmp_path, content):
    folder = folder_with(tmp_path, content)
    with pytest.raises(ConfigError):
        checked([f"resume={folder}"])
