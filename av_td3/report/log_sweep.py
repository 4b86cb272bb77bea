"""Finds the runs of a folder in which other programs left their logs, at any depth."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from av_td3.diagnostics.recorded_run import log_folders
from av_td3.report.key_figures import figures_of
from av_td3.report.run_names import settings_in
from av_td3.report.swept_run import SweptRun, is_seed, read_runs_of_log, unreadable_log, with_figures
from av_td3.runs.config_file import HYDRA_OVERRIDES, hydra_overrides
from av_td3.runs.folder import TENSORBOARD
from av_td3.runs.scalars import UnreadableLog

NUMBERED = re.compile(r"(\D*)(\d*)")
SETTING = "setting"  # the key of what the path says
ABSENT = "-"  # value of a key that a run does not override


def read_logs(folder: Path, problems: list[str]) -> tuple[list[str], list[SweptRun]]:
    """Read all logs at and below a folder.

    Args:
        folder: of the runs.
        problems: gets a line for each folder that cannot be listed.

    Returns:
        The swept keys, seeds last: those of Hydra where it recorded overrides, else ``setting``. And the runs.

    Raises:
        UnreadableLog: there is no log.

    """
    logs = log_folders(folder, problems)
    empty = _empty_runs(folder, logs)
    places = sorted([*logs, *empty], key=lambda path: _natural(_name(folder, path)))
    names = [_name(folder, place) for place in places]
    keys, settings = _settings(folder, places, names)
    runs: list[SweptRun] = []
    for name, place, own in zip(names, places, settings, strict=True):
        runs += [unreadable_log(name, place, own, empty[place])] if place in empty else read_runs_of_log(name, place, own)
    figures = figures_of([run.assessment.run for run in runs if run.assessment])
    return keys, [with_figures(run, figures) for run in runs]


def overrides_of(run: Path, recorded: Sequence[object] | None = None) -> dict[str, str]:
    """The overrides of a job by key.

    Args:
        run: its folder.
        recorded: those to use if Hydra recorded none.

    """
    found = hydra_overrides(run)
    pairs = (str(override).partition("=") for override in (recorded or [] if found is None else found))
    return {key.lstrip("+~"): value for key, _, value in pairs}


def swept_keys(overrides: Sequence[dict[str, str]]) -> list[str]:
    """The keys that differ between runs, in the order of the overrides; the seed last."""
    keys = dict.fromkeys(key for own in overrides for key in own)
    swept = [key for key in keys if len({own.get(key) for own in overrides}) > 1]
    return sorted(swept, key=is_seed)


def _name(folder: Path, place: Path) -> str:
    """The path of a run below the folder of the sweep."""
    place = place.parent if place.name == TENSORBOARD and place != folder else place
    return place.relative_to(folder).as_posix() if place != folder else folder.resolve().name


def _natural(name: str) -> list[tuple[str, int]]:
    """Sort key by which PPO_2 comes before PPO_10."""
    return [(text, int(number or 0)) for text, number in NUMBERED.findall(name)]


def _settings(folder: Path, places: list[Path], names: list[str]) -> tuple[list[str], list[dict[str, str]]]:
    overrides = [_overrides_above(folder, place) for place in places]
    keys = swept_keys(overrides)
    if keys and not all(map(is_seed, keys)):
        return keys, [{key: own.get(key, ABSENT) for key in keys} for own in overrides]
    settings = settings_in(names)
    if len(set(settings)) == 1:
        return [], [{} for _ in names]
    return [SETTING], [{SETTING: setting or ABSENT} for setting in settings]


def _overrides_above(folder: Path, place: Path) -> dict[str, str]:
    """The overrides of the job that a log belongs to."""
    for above in (place, *place.parents):
        if os.path.lexists(above / HYDRA_OVERRIDES):
            return overrides_of(above)
        if above == folder:
            break
    return {}


def _empty_runs(folder: Path, logs: list[Path]) -> dict[Path, str]:
    """The folders beside those of runs that look like runs but have no log, each with the reason."""
    with_log = {above for log in logs for above in (log, *log.parents) if folder in above.parents}
    found: dict[Path, str] = {}
    for parent in sorted({run.parent for run in with_log}):
        beside = sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
        settings = dict(zip(beside, settings_in([path.name for path in beside]), strict=True))
        of_runs = {settings[path] for path in beside if path in with_log}
        for path in beside:
            if path not in with_log and (settings[path] in of_runs or os.path.lexists(path / HYDRA_OVERRIDES)):
                found[path] = _why_without_log(path)
    return found


def _why_without_log(folder: Path) -> str:
    try:
        log_folders(folder, [])
    except UnreadableLog as error:
        return str(error)
    return f"{folder}: its log was passed over"
