"""Composes the overrides and files in the guides and the grids of sweeps/, without running them."""

import shlex

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from av_td3.config.experiment import Config
from av_td3.config.unused_folder import register_resolvers
from av_td3.config.validation import validated
from tests.conftest import ROOT
from tests.docs.kinds import of_kind
from tests.docs.printed import EXTENDING, blocks, overrides_quoted

OTHERS = {"sticky_control=false", "GOMP_SPINCOUNT=1000", "port=2000"}  # of a blueprint, the environment, gymnasium.make
QUOTED = sorted({text for text, guide in overrides_quoted() if guide != EXTENDING} - OTHERS)
YAML = [block for block in blocks() if block.language == "yaml" and not block.where.startswith(EXTENDING)]


@pytest.fixture
def composed(checkout, monkeypatch):
    """Compose and validate in a checkout with the files of the guides, as Hydra does for a job."""
    for block in YAML:
        path = checkout / block.text.splitlines()[0].removeprefix("# ")
        assert path.suffix == ".yaml", f"{block.where}: its first line must name the file, as in # conf/hardware/mysite.yaml"
        path.write_text(block.text)
    monkeypatch.chdir(checkout)
    register_resolvers()

    def compose_all(overrides):
        with initialize_config_dir(str(checkout / "conf"), version_base="1.3"):
            config = compose("config", overrides, return_hydra_config=True)
        HydraConfig.instance().set_config(config)
        launcher = OmegaConf.to_container(config.hydra.launcher, resolve=True)
        OmegaConf.set_readonly(config, False)
        OmegaConf.set_struct(config, False)
        sweeper = config.pop("hydra").sweeper
        return validated(config, Config), launcher, sweeper

    yield compose_all
    HydraConfig.instance().cfg = None


def test_prose_quotes_overrides():
    assert len(QUOTED) > 15
    assert "hardware=mysite hydra/launcher=slurm" in QUOTED


STARTED = ("max_episodes", "max_memory_gb", "quality", "start_interval", "environment")  # keys of every CARLA that a run starts
WITH = {f"simulator.{key}": "simulator=carla_binary" for key in STARTED} | {"simulator.servers": "simulator=carla"}


@pytest.mark.parametrize("text", QUOTED)
def test_overrides_that_prose_quotes_are_valid(composed, text):
    needed = {simulator for key, simulator in WITH.items() if text.lstrip("+").startswith(key)}
    composed([*needed, *shlex.split(text)])


def test_a_file_of_ones_own_site_reaches_the_scheduler(composed):
    _, launcher, _ = composed(["hardware=mysite", "hydra/launcher=slurm"])
    asked = {key: launcher[key] for key in ("partition", "account", "gpus_per_node", "setup")}
    assert asked == {"partition": "gpu", "account": "my_account", "gpus_per_node": 1, "setup": ["module load cuda"]}


@pytest.mark.parametrize(**of_kind("cluster"))
def test_what_is_sent_to_a_cluster_composes(composed, script):
    _, launcher, _ = composed([word for word in script.words[2:] if word != "-m"])
    assert launcher["_target_"].endswith("SlurmLauncher")


def jobs(sweeper):
    """The overrides of each job, as Hydra splits them."""
    swept = OverridesParser.create().parse_overrides([f"{key}={values}" for key, values in sweeper.params.items()])
    return list(BasicSweeper.split_arguments(swept, max_batch_size=None)[0])


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "sweeps").glob("*.yaml")))
def test_every_job_of_a_sweep_is_valid_and_there_are_as_many_as_the_guide_says(composed, name):
    _, _, sweeper = composed([f"+sweep={name}"])
    grid = jobs(sweeper)
    assert len({tuple(job) for job in grid}) == len(grid)
    for job in grid:
        composed([f"+sweep={name}", *job])
    (row,) = (line for line in (ROOT / "docs" / "cluster.md").read_text().splitlines() if line.startswith(f"| `{name}`"))
    assert int(row.split("|")[-2]) == len(grid)
