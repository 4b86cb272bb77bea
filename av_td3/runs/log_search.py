"""Finds the logs at and below a folder."""

import os
from pathlib import Path

from av_td3.runs.config_file import CONFIG_FILE
from av_td3.runs.csv_log import is_table
from av_td3.runs.event_file import EventFile, first_tags, is_event_file
from av_td3.runs.folder import TENSORBOARD
from av_td3.runs.scalars import read_runs
from av_td3.runs.series import UnreadableLog
from av_td3.runs.shared_folder import event_files

EVENT_FOLDERS = ("tb", TENSORBOARD)  # of programs that write tables beside the folder of the same run's event files

MAX_HPARAMS_BYTES = 1 << 16


def find_logs(top: Path, problems: list[str]) -> list[Path]:
    """Find the folders with event files or tables.

    Left out are folders below the log of one of our runs, tables of a run that has event files as well, and, below a log, the
    folders that PyTorch's ``add_scalars`` and ``add_hparams`` make.

    Args:
        top: where to begin.
        problems: gets a line for each folder that cannot be listed, and for those folders of PyTorch.

    Returns:
        The folders, parents first, sorted.

    """
    found: list[Path] = []
    with_events: set[Path] = set()

    def note(error: OSError) -> None:
        problems.append(f"{error.filename}: {error.strerror}")

    for folder, below, files in os.walk(top, onerror=note):  # does not follow links, so it terminates
        here = Path(folder)
        if _is_own_run(here):
            below[:] = [TENSORBOARD]
            continue
        if any(map(is_event_file, files)):
            with_events.add(here)
            found.append(here)
            below[:] = [] if _is_own_log(here) else sorted(below)
        else:
            found += [here] if any(map(is_table, files)) else []
            below.sort()
    logs = [log for log in found if log in with_events or not _has_event_folder(log, with_events)]
    return _without_parts(logs, with_events, problems)


def holds_scalars(log: Path) -> bool:
    """Whether anything can be read of a log: a folder with event files or tables, or a file."""
    try:
        if log.is_dir() and any(first_tags(path, 1) for path in event_files(log)):
            return True
        return bool(read_runs(log))
    except (OSError, UnreadableLog):
        return False


def _is_own_run(folder: Path) -> bool:
    """Whether a folder is that of a run of ours, whose log is in ``tensorboard/``."""
    if not (folder / CONFIG_FILE).is_file():
        return False
    try:
        return any(map(is_event_file, os.listdir(folder / TENSORBOARD)))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # it is reported when it is visited
        return True


def _is_own_log(folder: Path) -> bool:
    return folder.resolve().name == TENSORBOARD and (folder.resolve().parent / CONFIG_FILE).is_file()


def _has_event_folder(log: Path, with_events: set[Path]) -> bool:
    return any(log / name in with_events and holds_scalars(log / name) for name in EVENT_FOLDERS)


def _without_parts(logs: list[Path], with_events: set[Path], problems: list[str]) -> list[Path]:
    """The logs without those that are parts of the log above, unless these hold the only scalars."""
    parts: dict[Path, list[Path]] = {}
    for log in logs:
        parent = next((parent for parent in log.parents if parent in with_events), None)
        if parent is not None and log in with_events and (_is_curve(log, parent) or _is_hparams(log)):
            parts.setdefault(parent, []).append(log)
    left_out: set[Path] = set()
    for parent, folders in parts.items():
        if holds_scalars(parent):
            left_out.update(folders)
            problems.append(f"{parent}: left out {len(folders)} folder(s) of add_scalars or add_hparams")
    return [log for log in logs if log not in left_out]


def _is_curve(log: Path, parent: Path) -> bool:
    """Whether ``add_scalars(tag, {key: value})`` made a folder: ``<tag>_<key>`` with the one tag."""
    tags = {tag for path in event_files(log) for tag in first_tags(path, 2)}
    name = str(log.relative_to(parent)).replace(os.sep, "_")
    return len(tags) == 1 and name.startswith(tags.pop().replace("/", "_") + "_")


def _is_hparams(log: Path) -> bool:
    """Whether ``add_hparams(settings, results)`` made a folder: the settings, and a point per result."""
    paths = [path for path in event_files(log) if path.is_file()]
    if sum(path.stat().st_size for path in paths) > MAX_HPARAMS_BYTES:
        return False
    files = [EventFile(path) for path in paths]
    points = [len(series.steps) for file in files for series in file.scalars.values()]
    return any("hparams" in file.plugins for file in files) and max(points, default=0) <= 1
