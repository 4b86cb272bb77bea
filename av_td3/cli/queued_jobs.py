"""A Hydra callback that gives every job of a sweep its folder and status before any of them starts."""

import sys
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, open_dict, read_write

from av_td3.cli.failures import launch_exit_code
from av_td3.cli.resume import without_hydra
from av_td3.cluster.code_digest import check_frozen, check_same_jobs, freeze
from av_td3.config.experiment import Config
from av_td3.config.validation import validated
from av_td3.runs.status import write_queued

BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


class QueuedJobs(Callback):
    """Writes the status of every job, to detect jobs that never start, and a digest of the code, to detect later edits."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Hydra calls this in the launching process, after the sweep is composed."""
        code = launch_exit_code(lambda: self._queue(config))
        if code:
            sys.exit(code)  # Hydra would turn an exception into a warning

    def _queue(self, config: DictConfig) -> None:
        folder = Path(config.hydra.sweep.dir).absolute()
        # Sweepers other than the basic one choose their jobs during the sweep.
        jobs = _jobs(config) if config.hydra.sweeper._target_ == BASIC_SWEEPER else []
        names = [_subfolder(config, number, overrides) for number, overrides in enumerate(jobs)]
        check_frozen(folder)
        check_same_jobs(folder, jobs)
        freeze(folder, jobs, names)
        for name, overrides in zip(names, jobs, strict=True):
            write_queued(folder / name, overrides)


def _jobs(config: DictConfig) -> list[list[str]]:
    """The overrides of each job, as the basic sweeper will generate them."""
    swept = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    (jobs,) = BasicSweeper.split_arguments(parser.parse_overrides([*swept, *config.hydra.overrides.task]), max_batch_size=None)
    return [list(job) for job in jobs]


def _subfolder(config: DictConfig, number: int, overrides: list[str]) -> str:
    """The subfolder of a job. Raises Hydra's errors or ConfigError if the config of the job is invalid."""
    job = GlobalHydra.instance().config_loader().load_sweep_config(config, overrides)
    with read_write(job), open_dict(job):
        job.hydra.job.num, job.hydra.job.id = number, f"{config.hydra.job.name}_{number}"
    sweep = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(job)
    try:
        validated(without_hydra(job), Config)
        return str(job.hydra.sweep.subdir)
    finally:
        HydraConfig.instance().cfg = sweep
