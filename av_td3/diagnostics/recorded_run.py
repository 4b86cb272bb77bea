"""A run as its folder tells it: scalars, config, status. Ours, or any other folder with a TensorBoard log."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.diagnostics.phases import finite
from av_td3.diagnostics.scalars import Scalars, Series, UnreadableLog, read_log
from av_td3.diagnostics.tags import in_our_names

LOG_FOLDER = "tensorboard"


class NotLogged(LookupError):
    """The run says nothing about this. The message is the tag or the setting."""


@dataclass
class RecordedRun:
    """What is known of a run. ``problems`` are lines on what could not be read."""

    folder: Path
    scalars: Scalars
    config: dict[str, Any] = field(default_factory=dict)  # nested as in conf/; empty where there is none
    status: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    def series(self, *tags: str) -> Series:
        """What was logged under the first of these tags that there is. Raises NotLogged."""
        for tag in tags:
            if tag in self.scalars:
                return self.scalars[tag]
        raise NotLogged(" or ".join(tags))

    def values(self, *tags: str) -> NDArray[np.float64]:
        """The numbers under the first of these tags that there is. Raises NotLogged."""
        return self.series(*tags).values

    def numbers(self, *tags: str) -> NDArray[np.float64]:
        """Like ``values``, without NaN and infinity. Raises NotLogged where nothing else is there."""
        found = finite(self.values(*tags))
        if not len(found):
            raise NotLogged(" or ".join(tags))
        return found

    def has(self, tag: str) -> bool:
        """Whether anything was logged under this tag."""
        return tag in self.scalars

    def setting(self, key: str) -> Any:
        """A value of the config by its dotted key. Raises NotLogged where the config or the key is unknown."""
        node: Any = self.config
        for part in key.split("."):
            if not isinstance(node, dict) or part not in node:
                raise NotLogged(key)
            node = node[part]
        return node

    def setting_or(self, key: str, otherwise: Any) -> Any:
        """A value of the config, or another where it is unknown."""
        try:
            return self.setting(key)
        except NotLogged:
            return otherwise

    @property
    def updates(self) -> int:
        """How many updates the learner had made by the last point. Raises NotLogged."""
        last = self.values("train/updates")[-1]
        if not np.isfinite(last):
            raise NotLogged("train/updates")
        return int(last)

    @property
    def learning_from(self) -> int:
        """The environment step of the first point that the learner logged. Raises NotLogged."""
        return int(self.series("train/critic_loss", "train/actor_loss").steps[0])


def log_folders(path: Path) -> list[Path]:
    """The folders at or below ``path`` that hold event files; a single event file stands for itself. Raises UnreadableLog."""
    if not path.exists():
        raise UnreadableLog(f"{path}: no such file or folder")
    if path.is_file() or any(path.glob("*tfevents*")):
        return [path]
    found = sorted({file.parent for file in path.rglob("*tfevents*")})
    if not found:
        raise UnreadableLog(f"{path}: no TensorBoard event file there or below")
    return found


def read_run(path: Path) -> RecordedRun:
    """The one run at ``path``: a run's folder, its TensorBoard folder or an event file. Raises UnreadableLog."""
    logs = log_folders(path)
    if len(logs) > 1:
        raise UnreadableLog(f"{path}: holds {len(logs)} logs; name one, for example {logs[0]}")
    return read_runs(path)[0]


def read_runs(path: Path) -> list[RecordedRun]:
    """All runs at or below ``path``. Raises UnreadableLog where one cannot be read."""
    return [_read(log) for log in log_folders(path)]


def _read(log: Path) -> RecordedRun:
    events = read_log(log)
    folder = log.parent if log.name == LOG_FOLDER else log
    run = RecordedRun(folder, in_our_names(events.scalars), problems=list(events.problems))
    if folder.is_dir():
        run.config = _read_config(folder, run.problems)
        run.status = read_status(folder, run.problems)
    return run


def _read_config(folder: Path, problems: list[str]) -> dict[str, Any]:
    path = folder / "config.yaml"
    try:
        content = OmegaConf.to_container(OmegaConf.load(path)) if path.is_file() else {}
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError, OSError) as error:
        problems.append(f"{path.name} cannot be read: {' '.join(str(error).split())}")
        return {}
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}


def read_status(folder: Path, problems: list[str]) -> dict[str, Any]:
    """What ``status.json`` says; empty, with a line in ``problems``, where it cannot be read."""
    path = folder / "status.json"
    try:
        content = json.loads(path.read_text()) if path.is_file() else {}
    except (ValueError, OSError) as error:
        problems.append(f"{path.name} cannot be read: {error}")
        return {}
    return content if isinstance(content, dict) else {}
