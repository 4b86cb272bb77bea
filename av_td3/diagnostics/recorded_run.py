"""Reads a run from its folder: scalars, config, status. Folders of other programs need only a TensorBoard log."""

import copy
import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3 import metrics
from av_td3.diagnostics.algorithm import Algorithm
from av_td3.diagnostics.axis import Axis, axis_of
from av_td3.diagnostics.phases import finite
from av_td3.diagnostics.program import Program, program_of
from av_td3.diagnostics.settings import drop_invalid, set_in
from av_td3.diagnostics.tags import read_tags
from av_td3.runs.config_file import CONFIG_FILE, read_config
from av_td3.runs.folder import KEYS_OF_A_RUN, TENSORBOARD
from av_td3.runs.log_search import find_logs, holds_scalars
from av_td3.runs.scalars import EventLog, Scalars, Series, UnreadableLog, read_log, read_runs
from av_td3.runs.status import read_status

MAX_LISTED = 5  # logs in a message
SECTIONS = {"algorithm", "alerts", "gate", "scenario"}  # of a config of ours, of which a damaged one has at least one


class NotLogged(LookupError):
    """A tag or setting is missing. The message is its name."""


@dataclass
class RecordedRun:
    """The recorded data of a run.

    Args:
        folder: of the run, or the event file.
        scalars: series by tag, with our names for the tags of other programs.
        config: nested as in ``conf/``, without invalid values; empty if there is none.
        status: the content of ``status.json``; empty if there is none.
        problems: a line for everything that could not be read.
        invalid: those of the problems that concern ``config.yaml`` and ``status.json``; with any, the verdict cannot be GO.
        ours: whether av-td3 made the run, that is, there is a config of it. None: ``config`` is not empty.
        read_as: for each of our names in a log of another program, the tag that was read under it.
        algorithm: what was trained, as far as the tags tell.
        part: what tells the run from others of its folder or file, such as the name of its first event file; "" if it is the
            only one.

    """

    folder: Path
    scalars: Scalars
    config: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    ours: bool | None = None
    read_as: dict[str, str] = field(default_factory=dict)
    algorithm: Algorithm = Algorithm.UNKNOWN

    def __post_init__(self) -> None:
        if self.ours is None:
            self.ours = bool(self.config)

    @property
    def program(self) -> Program:
        """The program that made the run."""
        return program_of(self.scalars, bool(self.ours))

    @property
    def axis(self) -> Axis:
        """What the steps count."""
        return Axis.ENVIRONMENT if self.ours else axis_of(self.scalars)

    @property
    def logged(self) -> Scalars:
        """The series by the tags of the log itself."""
        copies = {name for name, tag in self.read_as.items() if name != tag}
        return {tag: series for tag, series in self.scalars.items() if tag not in copies}

    def tag_of(self, name: str) -> str:
        """The tag under which the log has what we call ``name``."""
        return self.read_as.get(name, name)

    def name_of(self, setting: str) -> str:
        """What the program of this run calls a setting of ``program.SETTINGS``."""
        return self.program.name_of(setting, self.algorithm)

    def at(self, step: float) -> str:
        """A point of the axis in its unit, such as "step 59,000" or "episode 12"."""
        return f"{self.axis.one} {int(step):,}"

    part: str = ""

    @property
    def title(self) -> str:
        """The folder, and which run of it if it holds several."""
        return f"{self.folder} ({self.part})" if self.part else str(self.folder)

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.resolve().name

    def series(self, *tags: str) -> Series:
        """The series of the first of these tags that was logged. Raises NotLogged."""
        for tag in tags:
            if tag in self.scalars:
                return self.scalars[tag]
        raise NotLogged(" or ".join(tags))

    def values(self, *tags: str) -> NDArray[np.float64]:
        """The values of the first of these tags that was logged, float64 (n,). Raises NotLogged."""
        return self.series(*tags).values

    def numbers(self, *tags: str) -> NDArray[np.float64]:
        """The finite values of the first of these tags that was logged. Raises NotLogged if there are none."""
        found = finite(self.values(*tags))
        if not len(found):
            raise NotLogged(" or ".join(tags))
        return found

    def has(self, tag: str) -> bool:
        """Whether anything was logged under this tag."""
        return tag in self.scalars

    def setting(self, key: str) -> Any:
        """A value of the config by its dotted key. Raises NotLogged if the key is missing."""
        node: Any = self.config
        for part in key.split("."):
            if not isinstance(node, dict) or part not in node:
                raise NotLogged(key)
            node = node[part]
        return node

    def setting_or(self, key: str, otherwise: Any) -> Any:
        """A value of the config by its dotted key, or ``otherwise`` if the key is missing."""
        try:
            return self.setting(key)
        except NotLogged:
            return otherwise

    @property
    def updates(self) -> int:
        """Number of updates at the last point. Raises NotLogged."""
        last = self.values(metrics.UPDATES)[-1]
        if not np.isfinite(last):
            raise NotLogged(metrics.UPDATES)
        return int(last)

    @property
    def learning_from(self) -> int:
        """Environment step of the first logged loss. Raises NotLogged."""
        return int(self.series(metrics.CRITIC_LOSS, metrics.ACTOR_LOSS).steps[0])


def log_folders(path: Path, problems: list[str]) -> list[Path]:
    """Find the folders with event files, or tables such as ``progress.csv``, at or below ``path``.

    Args:
        path: a folder, or a single event file or table, which is returned itself.
        problems: gets a line for each folder that cannot be listed, and for those left out.

    Raises:
        UnreadableLog: there is no log.

    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UnreadableLog(f"{path}: no such file or folder")
    found = find_logs(path, problems)
    if not found:
        raise UnreadableLog(
            "; ".join(problems) or f"{path}: no TensorBoard event file there or below, nor a table such as progress.csv"
        )
    return found


def read_run(path: Path) -> RecordedRun:
    """Read a run. Logs without scalars are passed over, with a line in its problems.

    Args:
        path: a run's folder, its TensorBoard folder, an event file or a table.

    Raises:
        UnreadableLog: there is no readable log, or more than one.

    """
    notes: list[str] = []
    logs = log_folders(path, notes)
    readable = logs if len(logs) == 1 else [log for log in logs if holds_scalars(log)]
    if not readable:
        raise UnreadableLog(f"{path}: contains {len(logs)} logs, none with scalars")
    if len(readable) > 1:
        few = len(readable) <= MAX_LISTED
        choice = f"choose one: {', '.join(map(str, readable))}" if few else f"choose one, for example {readable[0]}"
        raise UnreadableLog(f"{path}: contains {len(readable)} logs; {choice}")
    run = read_log_folder(readable[0])
    run.problems = [*notes, *(f"{log}: passed over, no scalars" for log in logs if log not in readable), *run.problems]
    return run


def read_log_folder(log: Path) -> RecordedRun:
    """Read the run of one log; where several runs share it, the one to be judged.

    Args:
        log: a folder with event files or tables, or one such file.

    Raises:
        UnreadableLog: there are no scalars.

    """
    return _recorded(log, read_log(log))


def read_log_runs(log: Path) -> list[RecordedRun]:
    """Read all runs of one log, in order of start.

    Args:
        log: a folder with event files or tables, or one such file.

    Returns:
        The runs. If there are several, ``part`` tells them apart.

    Raises:
        UnreadableLog: there are no scalars.

    """
    runs = [_recorded(log, events) for events in read_runs(log)]
    if len(runs) > 1:
        for number, run in enumerate(runs, 1):
            run.problems.insert(0, f"run {number} of {len(runs)} that share this folder")
    return runs


def _recorded(log: Path, events: EventLog) -> RecordedRun:
    """The run of a log, with what its folder says about it. The tags of a run of ours are taken as they are."""
    folder = log.parent if log.name == TENSORBOARD else log
    run = RecordedRun(folder, events.scalars, part=events.part, ours=_is_ours(folder, log))
    if run.ours:
        run.config = _read_config(folder, run.invalid)
        run.status = read_status(folder, run.invalid)
    else:
        run.scalars, run.read_as, run.algorithm = read_tags(events.scalars)
    run.problems = [*events.problems, *run.invalid]
    return run


def _is_ours(folder: Path, log: Path) -> bool:
    """Whether there is a config of ours: with the keys of our runs, or damaged and beside a folder ``tensorboard``."""
    if not os.path.lexists(folder / CONFIG_FILE):
        return False
    config = read_config(folder, [])
    if log.name == TENSORBOARD:
        return not config or bool(SECTIONS & config.keys())
    return config.keys() >= KEYS_OF_A_RUN


def with_tags(run: RecordedRun, named: dict[str, str]) -> RecordedRun:
    """A copy of the run with tags read as these names, whatever their words say. Raises ConfigError."""
    if not named:
        return run
    scalars, read_as, algorithm = read_tags(run.logged, named)
    return dataclasses.replace(run, scalars=scalars, read_as=read_as, algorithm=algorithm)


def with_overrides(run: RecordedRun, overrides: list[tuple[str, Any]]) -> RecordedRun:
    """A copy of the run with other settings, as pairs of dotted key and value."""
    config = copy.deepcopy(run.config)
    for key, value in overrides:
        set_in(config, key, value)
    return dataclasses.replace(run, config=config)


def _read_config(folder: Path, problems: list[str]) -> dict[str, Any]:
    """The config without invalid values, for each of which ``problems`` gets a line."""
    config = read_config(folder, problems)
    problems += [f"{CONFIG_FILE}: {problem}" for problem in drop_invalid(config)]
    return config
