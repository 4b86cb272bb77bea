"""A Hydra callback that gives every job of a sweep its folder and status before any of them starts."""

import sys
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from av_td3.cluster.code_digest import check_same_jobs, freeze
from av_td3.cluster.run_status import write_queued
from av_td3.command_line import exit_code

BASIC_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
_sweep: list[Path] = []  # the folder of the sweep that this process has started


def sweep_folder() -> Path | None:
    """Where the sweep that this process has started lies; None where it made a single run, or none."""
    return _sweep[-1] if _sweep else None


class QueuedJobs(Callback):
    """So that a job that never starts is missed, and edits of the code after the submission are noticed."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Called in the process that submits, once the sweep is composed."""
        code = exit_code(lambda: self._queue(config))
        if code:
            sys.exit(code)  # Hydra would make a warning of an exception

    def _queue(self, config: DictConfig) -> None:
        folder = Path(config.hydra.sweep.dir).absolute()
        # Other sweepers than the basic one choose their jobs as they go.
        jobs = _jobs(config) if config.hydra.sweeper._target_ == BASIC_SWEEPER else []
        check_same_jobs(folder, jobs)
        freeze(folder, jobs)
        _sweep.append(folder)
        for number, overrides in enumerate(jobs):
            write_queued(folder / str(number), overrides)


def _jobs(config: DictConfig) -> list[list[str]]:
    """The overrides of each job, as the basic sweeper will make them."""
    swept = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    parsed = OverridesParser.create().parse_overrides([*swept, *config.hydra.overrides.task])
    (jobs,) = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    return [list(job) for job in jobs]
