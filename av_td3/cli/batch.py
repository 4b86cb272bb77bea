"""``av-td3 sbatch``: prints the batch script of a run."""

import argparse
import shlex
import sys
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.cli.arguments import explain, parse, parse_arguments
from av_td3.cli.resume import job_of, overrides_of, without_hydra
from av_td3.cluster.batch_script import batch_script
from av_td3.config.composition import CONFIG_NAME, default_keys
from av_td3.config.conf_folder import CONF
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.override_text import quoted
from av_td3.config.unused_folder import register_resolvers
from av_td3.config.validation import composition_error, validated
from av_td3.runs.folder import check_folder


def sbatch(overrides: list[str], config_dir: Path | None) -> int:
    """Print the batch script of ``python launch.py OVERRIDES``, and create the run's folder; returns exit code 0.

    Args:
        overrides: as on the command line of ``launch.py``.
        config_dir: a folder with more files of config groups.

    Raises:
        ConfigError: the configuration or the folder is invalid.

    """
    words = [*([] if config_dir is None else ["--config-dir", str(config_dir)]), *overrides]
    options = parse_arguments(words)
    try:
        config, folder = _composed(options)
    except HydraException as error:
        raise ConfigError(explain(error, options)) from error
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(composition_error(error, default_keys)) from error
    folder.mkdir(parents=True, exist_ok=True)
    script = batch_script(
        [sys.executable, "-m", "av_td3", "train", *_in_folder(words, folder)],
        config.hardware.slurm,
        name=config.name,
        folder=folder,
        cwd=Path.cwd(),
        comment=f"Written by: {shlex.join(['av-td3', 'sbatch', *words])}",
    )
    print(script, end="")
    return 0


def _composed(options: argparse.Namespace) -> tuple[Config, Path]:
    """The config that a job with these overrides will have, and its folder."""
    register_resolvers()
    search = [f"hydra.searchpath=[file://{Path(options.config_dir).resolve()}]"] if options.config_dir else []
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose(CONFIG_NAME, [*search, *options.overrides], return_hydra_config=True)
        HydraConfig.instance().set_config(composed)  # for ${hydra:...}
        try:
            job, _ = job_of(without_hydra(composed), overrides_of(composed.hydra))
            config = validated(job, Config)
            folder = Path(composed.hydra.run.dir).absolute()
        finally:
            HydraConfig.instance().cfg = None
    check_folder(folder, job)
    return config, folder


def _in_folder(words: list[str], folder: Path) -> list[str]:
    """The arguments of a launch that works in this folder, however often its job starts."""
    keys = {word: parse(word).key_or_group for word in words if "=" in word}
    if "resume" in keys.values():
        return words
    return [*(word for word in words if keys.get(word) != "hydra.run.dir"), f"hydra.run.dir={quoted(str(folder))}"]
