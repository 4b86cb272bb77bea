"""Tells the runs apart whose event files are in one folder."""

from pathlib import Path

import numpy as np

from av_td3.runs.event_file import EventFile, creation_order, is_event_file
from av_td3.runs.restarts import SAME_STEP, share_done
from av_td3.runs.series import EventLog, Scalars, Series, UnreadableLog, last_step

MAX_LISTED = 5  # runs in a message


class _Run:
    """The files of one run so far."""

    def __init__(self, file: EventFile):
        self.scalars = file.scalars
        self.files = [file]
        self.resumed_at: list[int] = []  # by files that do not say so themselves

    def share_done(self, file: EventFile) -> float | None:
        """The first step of a file as a share of the steps of the run, for the tags of both; None without such tags."""
        shared = self.scalars.keys() & file.scalars.keys()
        if not shared:
            return None
        first = min(int(self.scalars[tag].steps.min()) for tag in shared)
        last = max(int(self.scalars[tag].steps.max()) for tag in shared)
        start = min(int(file.scalars[tag].steps.min()) for tag in shared)
        return share_done(start, first, last)

    def join(self, file: EventFile) -> None:
        if file.replaces_from is None and self.scalars.keys() & file.scalars.keys():
            self.resumed_at.append(min(int(series.steps.min()) for series in file.scalars.values()))
        self.scalars = _continued(self.scalars, file)
        self.files.append(file)


def read_event_files(paths: list[Path]) -> list[EventLog]:
    """Read event files and tell their runs apart.

    A file that starts again where an earlier one with the same tags started is another run; one that starts later resumes
    the run, and replaces it from there on. Files without a tag in common are of one run.

    Args:
        paths: of the files of a folder.

    Returns:
        A log per run, in order of start.

    Raises:
        UnreadableLog: there are no scalars.

    """
    files = [EventFile(path) for path in sorted(paths, key=creation_order)]
    _number_points(files)
    runs: list[_Run] = []
    for file in files:
        if file.scalars or file.replaces_from is not None:
            resumed = _resumed(runs, file)
            if resumed is None:
                runs.append(_Run(file))
            else:
                resumed.join(file)
    runs = [run for run in runs if run.scalars]
    if not runs:
        problems = [problem for file in files for problem in file.problems]
        raise UnreadableLog("no scalars in its event files" + "".join(f"; {problem}" for problem in problems))
    return [_log(run, files, several=len(runs) > 1) for run in runs]


def event_files(folder: Path) -> list[Path]:
    """The paths in a folder that are named like event files."""
    return [path for path in folder.iterdir() if is_event_file(path.name)]


def judged(logs: list[EventLog]) -> EventLog:
    """Choose the run to judge: the one that reaches the highest step; among equals the newest.

    Args:
        logs: of the runs of a folder or a table, in order of start.

    Returns:
        The log of the run, whose problems name the others if there are any.

    """
    if len(logs) == 1:
        return logs[0]
    reached = [last_step(log.scalars) for log in logs]
    enough = max(reached) - SAME_STEP * abs(max(reached))
    chosen = [log for log, step in zip(logs, reached, strict=True) if step >= enough][-1]
    listed = [str(step) for step in reached[:MAX_LISTED]]
    last = f"{len(reached) - MAX_LISTED} more" if len(reached) > MAX_LISTED else listed.pop()
    in_folder = is_event_file(chosen.part)
    place, file = ("folder", "an event file") if in_folder else ("table", "a table of one run")
    note = f"{len(logs)} runs share this {place} (up to step {', '.join(listed)} and {last}); judged is "
    note += f"{chosen.part}; pass {file} to choose another"
    return chosen._replace(problems=[note, *chosen.problems])


def _number_points(files: list[EventFile]) -> None:
    """Number the points of files whose writers were given no step."""
    logged = [file for file in files if file.scalars]
    for file in logged:
        step = file.only_step
        if step is not None and file.replaces_from is None and (step == 0 or len(logged) == 1):
            file.number_points()


def _resumed(runs: list[_Run], file: EventFile) -> _Run | None:
    """The run to which a file belongs; None if it starts another."""
    if not runs:
        return None
    if file.replaces_from is not None or runs[-1].share_done(file) is None:
        return runs[-1]
    done = [(run, run.share_done(file)) for run in reversed(runs)]
    continued = [(run, share) for run, share in done if share is not None and share > SAME_STEP]
    reaching = [run for run, share in continued if share <= 1.0 + SAME_STEP]
    return next(iter(reaching or [run for run, _ in continued]), None)


def _log(run: _Run, files: list[EventFile], several: bool) -> EventLog:
    """The log of a run, with the problems of its files and of those without scalars."""
    problems = [problem for file in files if file in run.files or not file.scalars for problem in file.problems]
    names = tuple(file.name for file in run.files)
    if run.resumed_at:
        steps = " and ".join(map(str, run.resumed_at[:MAX_LISTED]))
        problems.insert(0, f"{len(names)} event files are read as one run, which was resumed at {steps}")
    return EventLog(run.scalars, problems, names, names[0] if several else "")


def _continued(earlier: Scalars, file: EventFile) -> Scalars:
    """The earlier scalars before the first step of a file, followed by those of the file."""
    if file.replaces_from is not None:
        earlier = {tag: _before(series, file.replaces_from) for tag, series in earlier.items()}
    joined = dict(earlier)
    for tag, new in file.scalars.items():
        old = joined.get(tag)
        joined[tag] = new if old is None else _joined(_before(old, int(new.steps.min())), new)
    return {tag: series for tag, series in joined.items() if len(series.steps)}


def _before(series: Series, step: int) -> Series:
    keep = series.steps < step
    return Series(series.steps[keep], series.values[keep])


def _joined(first: Series, second: Series) -> Series:
    return Series(np.concatenate([first.steps, second.steps]), np.concatenate([first.values, second.values]))
