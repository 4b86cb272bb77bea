"""A Hydra callback that rejects an invalid launch before Hydra creates its folder."""

import sys
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from av_td3.cli.failures import NO_VERDICT, launch_exit_code
from av_td3.cli.queued_jobs import BASIC_SWEEPER
from av_td3.cli.resume import job_of, overrides_of, without_hydra
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.validation import validated
from av_td3.runs.folder import check_folder

DETACH = "hydra.launcher.detach"  # other launchers do not have it


class LaunchCheck(Callback):
    """Checks a launch. Hydra turns exceptions of callbacks into warnings, so this one exits the process itself."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Hydra calls this before a single run."""
        _set(config)
        wrong = launch_exit_code(lambda: _check_run(config))
        if wrong:
            sys.exit(NO_VERDICT if config.gate.exit_code is True else wrong)

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Hydra calls this in the launching process, after the sweep is composed."""
        _set(config)
        wrong = launch_exit_code(lambda: _check_sweep(config))
        if wrong:
            sys.exit(wrong)


def _set(config: DictConfig) -> None:
    """Make ``${hydra:...}`` resolvable now; Hydra itself does this only for its jobs."""
    HydraConfig.instance().set_config(config)
    OmegaConf.set_readonly(config.hydra, None)  # as it was


def _check_run(config: DictConfig) -> None:
    job, _ = job_of(without_hydra(config), overrides_of(config.hydra))
    validated(job, Config)
    if config.hydra.runtime.choices.get("hydra/launcher") == "slurm":
        raise ConfigError("hydra/launcher=slurm: a single run is not submitted; add -m, or see av-td3 sbatch --help")
    named = config.resume is not None or any(
        text.lstrip("+").startswith("hydra.run.dir=") for text in config.hydra.overrides.hydra
    )
    if named:  # the default folder is always new
        check_folder(Path(config.hydra.run.dir), job)


def _check_sweep(config: DictConfig) -> None:
    if OmegaConf.select(config, DETACH) and config.hydra.sweeper._target_ != BASIC_SWEEPER:
        sweeper = config.hydra.runtime.choices["hydra/sweeper"]
        raise ConfigError(f"{DETACH}=true: hydra/sweeper={sweeper} chooses its jobs by the results of others; omit one of both")
    folder = Path(config.hydra.sweep.dir)
    if folder.resolve() == Path.cwd().resolve():
        raise ConfigError(f"hydra.sweep.dir={folder}: is the working directory; choose a new folder for the sweep")
