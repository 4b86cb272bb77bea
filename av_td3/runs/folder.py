"""The folder of a run: its files, and whether a run may use it. Checks do not change the folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from av_td3.config.difference import differences
from av_td3.config.errors import ConfigError
from av_td3.config.older_runs import completed
from av_td3.runs.config_file import CONFIG_FILE, HYDRA_FOLDER, HYDRA_OVERRIDES, config_to_resume
from av_td3.runs.lock import LOCK_FILE
from av_td3.runs.status import STATUS_FILE

# Files of other packages; the other names are in the modules that write and read these files.
TENSORBOARD = "tensorboard"
CHECKPOINTS, REPLAY = "checkpoints", "replay"
RUN_LOG, LAUNCH_LOG = "run.log", "launch.log"
REPORT_PAGE, REPORT_DATA = "report.html", "report.json"
COMPARISON_PAGE, COMPARISON_TEXT = "comparison.html", "comparison.md"

BEFORE_A_RUN = {LOCK_FILE, STATUS_FILE, HYDRA_FOLDER, LAUNCH_LOG}  # of a queued job, and of Hydra's own logging
KEYS_OF_A_RUN = {"seed", "total_steps", "algorithm"}
# They affect how a run starts or what it shows, not its result.
NOT_COMPARED = (
    *("resume_with_changes", "init_from", "hardware.slurm.", "hardware.scratch", "simulator.scratch", "gate.exit_code"),
    "render",
)
MAX_LISTED = 5  # keys in a message


def check_folder(folder: Path, composed: DictConfig, cwd: str | Path = ".") -> None:
    """Check that a run may use a folder: it is new, or holds this run with the same config.

    Args:
        folder: of the run; it need not exist.
        composed: the config of the run.
        cwd: the working directory of the launch.

    Raises:
        ConfigError: it holds something else, or a run with another config.

    """
    entries = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not entries and folder.resolve() == Path(cwd).resolve():
        raise ConfigError(f"hydra.run.dir={folder}: is the working directory; choose a new folder for the run")
    if CONFIG_FILE not in entries:
        if entries - BEFORE_A_RUN:
            raise ConfigError(
                f"hydra.run.dir={folder}: holds other files, but no run; choose a new folder, or omit it to use the default"
            )
        return
    stored = config_to_resume(folder)
    if not (entries & {STATUS_FILE, LOCK_FILE} and stored.keys() >= KEYS_OF_A_RUN):
        raise ConfigError(f"hydra.run.dir={folder}: its {CONFIG_FILE} is not the config of a run; choose a new folder")
    missing = [key for key in map(str, composed) if key not in stored and not key.startswith(NOT_COMPARED)]
    if missing:
        raise ConfigError(
            f"{folder} holds a run of another version of av-td3: its config has no {', '.join(missing)}; it can be read and "
            "reported, but not resumed: choose another folder"
        )
    if not composed.resume_with_changes:
        _check_same(folder, stored, composed)


def _check_same(folder: Path, stored: dict[str, Any], composed: DictConfig) -> None:
    now = OmegaConf.to_container(composed, resolve=True)
    assert isinstance(now, dict)
    found = differences(completed(stored), {str(key): value for key, value in now.items()})
    changed = [change for change in found if not change.key.startswith(NOT_COMPARED)]
    if changed:
        listed = ", ".join(f"{key} was {before}, is {now}" for key, before, now in changed[:MAX_LISTED])
        listed += f", and {len(changed) - MAX_LISTED} more" if len(changed) > MAX_LISTED else ""
        raise ConfigError(
            f"{folder} holds a run with another config: {listed}; repeat its values, choose another folder, or set "
            "resume_with_changes=true"
        )


def simulator_log(folder: Path, env_index: int, num_envs: int) -> Path:
    """The log of an environment's simulator: ``simulator.log``, or ``simulator-0.log`` and so on if there are several."""
    return folder / f"simulator{_suffix(env_index, num_envs)}.log"


def worker_log(folder: Path, env_index: int, num_envs: int) -> Path:
    """The log of an environment's process: ``worker.log``, or ``worker-0.log`` and so on if there are several."""
    return folder / f"worker{_suffix(env_index, num_envs)}.log"


def newest_checkpoint_step(folder: Path) -> int | None:
    """The environment step of the newest checkpoint of a run, valid or not; None if there is none."""
    return max((int(path.name) for path in (folder / CHECKPOINTS).glob("[0-9]*") if path.name.isdecimal()), default=None)


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a started or queued run. An unreadable folder counts, so that it is reported."""
    try:
        return folder.is_dir() and any(map(os.path.lexists, _traces(folder)))
    except PermissionError:
        return True


def _traces(folder: Path) -> Iterator[Path]:
    os.scandir(folder).close()  # raises PermissionError if the folder is not readable
    yield folder / HYDRA_OVERRIDES
    yield folder / STATUS_FILE


def _suffix(env_index: int, num_envs: int) -> str:
    return f"-{env_index}" if num_envs > 1 else ""
