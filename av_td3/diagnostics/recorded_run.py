"""A run as its folder tells it: scalars, config, status. Ours, or any other folder with a TensorBoard log."""

import copy
import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3 import metrics
from av_td3.diagnostics.phases import finite
from av_td3.diagnostics.settings import drop_invalid, set_in
from av_td3.diagnostics.tags import in_our_names
from av_td3.runs.scalars import Scalars, Series, UnreadableLog, read_log

LOG_FOLDER = "tensorboard"
STATUS_TYPES = {"state": str, "step": int, "error": str, "reason": str, "restarts": int, "overrides": list, "alerts": dict}


class NotLogged(LookupError):
    """The run says nothing about this. The message is the tag or the setting."""


@dataclass
class RecordedRun:
    """What is known of a run.

    ``problems`` are lines on what could not be read; those of ``config.yaml`` and ``status.json`` are in ``invalid`` as well,
    because what the run should have shown is not known without them.
    """

    folder: Path
    scalars: Scalars
    config: dict[str, Any] = field(default_factory=dict)  # nested as in conf/; empty where there is none
    status: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)

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
        last = self.values(metrics.UPDATES)[-1]
        if not np.isfinite(last):
            raise NotLogged(metrics.UPDATES)
        return int(last)

    @property
    def learning_from(self) -> int:
        """The environment step of the first point that the learner logged. Raises NotLogged."""
        return int(self.series(metrics.CRITIC_LOSS, metrics.ACTOR_LOSS).steps[0])


def log_folders(path: Path, problems: list[str]) -> list[Path]:
    """The folders at or below ``path`` that hold event files; a single event file stands for itself.

    Each folder that may not be listed gives a line in ``problems``. Raises UnreadableLog where there is no event file.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UnreadableLog(f"{path}: no such file or folder")
    found: list[Path] = []

    def note(error: OSError) -> None:
        problems.append(f"{error.filename}: {error.strerror}")

    for folder, below, files in os.walk(path, onerror=note):  # follows no links, so it ends
        if any("tfevents" in name for name in files):
            found.append(Path(folder))
            if found == [path]:
                break
        below.sort()
    if not found:
        raise UnreadableLog("; ".join(problems) or f"{path}: no TensorBoard event file there or below")
    return found


def read_run(path: Path) -> RecordedRun:
    """The one run at ``path``: a run's folder, its TensorBoard folder or an event file. Raises UnreadableLog."""
    logs = log_folders(path, [])
    if len(logs) > 1:
        raise UnreadableLog(f"{path}: holds {len(logs)} logs; name one, for example {logs[0]}")
    return read_log_folder(logs[0])


def read_log_folder(log: Path) -> RecordedRun:
    """The run whose event files are in the folder ``log``, or that of one event file. Raises UnreadableLog."""
    events = read_log(log)
    folder = log.parent if log.name == LOG_FOLDER else log
    run = RecordedRun(folder, in_our_names(events.scalars))
    if folder.is_dir():
        run.config = _read_config(folder, run.invalid)
        run.status = read_status(folder, run.invalid)
    run.problems = [*events.problems, *run.invalid]
    return run


def with_overrides(run: RecordedRun, overrides: list[tuple[str, Any]]) -> RecordedRun:
    """The run with settings (dotted key, value) that its log does not hold."""
    config = copy.deepcopy(run.config)
    for key, value in overrides:
        set_in(config, key, value)
    return dataclasses.replace(run, config=config)


def _read_config(folder: Path, problems: list[str]) -> dict[str, Any]:
    path = folder / "config.yaml"
    if not os.path.lexists(path):
        return {}
    try:
        _refuse_no_file(path)
        content = OmegaConf.to_container(OmegaConf.load(path))
    except (YAMLError, OmegaConfBaseException, ValueError, RecursionError, OSError) as error:
        problems.append(f"{path.name} cannot be read: {_in_one_line(error)}")
        return {}
    if not isinstance(content, dict):
        problems.append(f"{path.name} cannot be read: it holds no settings by name")
        return {}
    config = {str(key): value for key, value in content.items()}
    problems += [f"{path.name}: {problem}" for problem in drop_invalid(config)]
    return config


def read_status(folder: Path, problems: list[str]) -> dict[str, Any]:
    """What ``status.json`` says; without what has a wrong type, and with a line in ``problems`` for it."""
    path = folder / "status.json"
    if not os.path.lexists(path):
        return {}
    try:
        _refuse_no_file(path)
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        problems.append(f"{path.name} cannot be read: {_in_one_line(error)}")
        return {}
    if not isinstance(content, dict):
        problems.append(f"{path.name} cannot be read: it holds no JSON object")
        return {}
    for name, kind in STATUS_TYPES.items():
        if content.get(name) is not None and (not isinstance(content[name], kind) or isinstance(content[name], bool)):
            problems.append(f"{path.name}: {name} is {json.dumps(content.pop(name))}, no {kind.__name__}; ignored")
    return content


def _refuse_no_file(path: Path) -> None:
    """Raises OSError for a folder, a link to nothing, or a pipe, which would never be read to its end."""
    if not path.is_file():
        raise OSError("it is no file")


def _in_one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).partition("\n")[0] if isinstance(error, OmegaConfBaseException) else str(error)
    return " ".join(text.split())
