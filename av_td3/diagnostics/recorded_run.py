"""A run as its folder tells it: scalars, config, status. Ours, or any other folder with a TensorBoard log."""

import copy
import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3 import metrics
from av_td3.diagnostics.phases import finite
from av_td3.diagnostics.settings import drop_invalid, set_in
from av_td3.diagnostics.tags import resolve_aliases
from av_td3.runs.config_file import CONFIG_FILE, read_config
from av_td3.runs.folder import TENSORBOARD
from av_td3.runs.scalars import Scalars, Series, UnreadableLog, is_event_file, read_log
from av_td3.runs.status import read_status


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
        if any(map(is_event_file, files)):
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
    folder = log.parent if log.name == TENSORBOARD else log
    run = RecordedRun(folder, resolve_aliases(events.scalars))
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
    """The config without what the schema refuses, and with a line in ``problems`` for it."""
    config = read_config(folder, problems)
    problems += [f"{CONFIG_FILE}: {problem}" for problem in drop_invalid(config)]
    return config
