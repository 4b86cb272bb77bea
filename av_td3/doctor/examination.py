"""All checks, in the order in which a failure explains those after it."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig

from av_td3.config.composition import experiment
from av_td3.config.experiment import Config
from av_td3.doctor.check import Check, State, results, warning
from av_td3.doctor.cluster_checks import check_containers, check_slurm
from av_td3.doctor.isolation import isolated
from av_td3.doctor.python_checks import INSTALL, check_imports, check_packages, check_python
from av_td3.doctor.storage_checks import check_disk, check_folders, check_memory_left, check_quotas, check_scratch, existing

IMPORT_LIMIT = 120.0  # s; on a network file system torch takes a minute when it is first loaded
COMPUTE_LIMIT = 120.0
FORECAST_LIMIT = 300.0  # besides the start of the simulators


def examine(
    composed: DictConfig, overrides: Sequence[str], modules: tuple[str, ...], outputs: Path, announce: Callable[[str], None]
) -> Iterator[Check]:
    """Check whether this machine can run what the configuration describes.

    Args:
        composed: the configuration, with the section ``hydra``.
        overrides: that it was composed with.
        modules: that training imports. Without one of them, the checks that need it are left out.
        outputs: the folder of the runs.
        announce: called with what is checked next.

    Raises:
        ConfigError: the configuration is invalid.

    """
    announce("Python and packages")
    yield from results("Python", check_python)
    yield from results("packages", check_packages)
    unusable = list(isolated("imports", check_imports, modules, limit=IMPORT_LIMIT))
    yield from unusable
    config = None if unusable else experiment(["name=doctor", *overrides])
    announce("cluster")
    yield from results("SLURM", check_slurm, composed)
    yield from results("containers", check_containers, composed.hydra.runtime.choices)
    announce("disk")
    yield from results("disk", check_disk, outputs)
    yield from results("scratch", check_scratch, composed.hardware.scratch)
    yield from results("quotas", check_quotas)
    yield from results("folders", check_folders)
    if config is None:
        yield warning("configuration", "device, simulator, drive and forecast are not checked without these packages", INSTALL)
        return
    launcher = composed.hydra.runtime.choices.get("hydra/launcher")
    yield from _examine_run(config, outputs, config.hardware.slurm.timeout_min if launcher == "slurm" else None, announce)


def _examine_run(config: Config, outputs: Path, job_minutes: int | None, announce: Callable[[str], None]) -> Iterator[Check]:
    """The checks that need the packages for training, each of which is expensive to import."""
    from av_td3.doctor.compute_checks import check_compute
    from av_td3.doctor.drive_check import check_drives
    from av_td3.doctor.forecast import check_forecast
    from av_td3.doctor.gpu_checks import check_gpus
    from av_td3.doctor.simulator_checks import check_simulator

    announce("device and memory")
    yield from results("GPUs", check_gpus, config.simulator, config.hardware.num_envs, os.environ)
    found = list(isolated("configuration", check_compute, config, limit=COMPUTE_LIMIT))
    yield from found
    yield from results("memory", check_memory_left, config)
    announce("simulator")
    server = list(results("simulator", check_simulator, config.simulator, config.hardware.num_envs))
    yield from server
    if _has_problem(found + server):
        yield warning("drive", "left out, and so is the forecast", "solve the problem of the configuration or the simulator")
        return
    announce("drive")
    driven = list(results("drive", check_drives, config))
    yield from driven
    if _has_problem(driven):
        yield warning("forecast", "left out", "solve the problem of the drive")
        return
    announce("forecast")
    limit = FORECAST_LIMIT + config.simulator.start_timeout
    yield from isolated("forecast", check_forecast, config, time.monotonic(), existing(outputs), job_minutes, limit=limit)


def _has_problem(checks: Sequence[Check]) -> bool:
    return any(check.state is State.PROBLEM for check in checks)
