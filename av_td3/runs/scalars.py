"""Writes TensorBoard event files, and reads the scalars of any log: event files or tables."""

import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer import event_file_writer

from av_td3.runs.csv_log import has_table_suffix, is_table, read_table, read_tables
from av_td3.runs.event_file import FILE_MARK, is_event_file
from av_td3.runs.series import EventLog, Scalars, Series, UnreadableLog
from av_td3.runs.shared_folder import event_files, judged, read_event_files

__all__ = [
    "EventLog",
    "ScalarWriter",
    "Scalars",
    "Series",
    "UnreadableLog",
    "is_event_file",
    "read_log",
    "read_runs",
]
FILE_VERSION = "brain.Event:2"
FLUSH_SECONDS = 10


class ScalarWriter:
    """Writes scalars to a new event file.

    Args:
        folder: of the event files; it is created if needed.
        first_step: readers ignore this step and later ones in the earlier files of the folder.

    """

    def __init__(self, folder: Path, first_step: int = 1):
        resumed = any(folder.glob(f"*{FILE_MARK}*"))
        # Looked up here, because Weights & Biases replaces the class to find the folder that it mirrors.
        self._writer = event_file_writer.EventFileWriter(str(folder), flush_secs=FLUSH_SECONDS)
        if resumed:
            self._add(Event(step=first_step, file_version=FILE_VERSION))
            self._add(Event(step=first_step, session_log=SessionLog(status=SessionLog.START)))

    def write(self, values: dict[str, float], step: int) -> None:
        """Write scalars. They are on disk after ``flush``, or within ten seconds.

        Args:
            values: by tag.
            step: environment step.

        Raises:
            OSError: an earlier write failed.

        """
        for tag, value in values.items():
            self._add(Event(step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)])))

    def write_summary(self, summary: Summary, step: int) -> None:
        """Write what is no scalar: an image, a text, hyperparameters.

        Args:
            summary: with its tag.
            step: environment step.

        Raises:
            OSError: an earlier write failed.

        """
        self._add(Event(step=step, summary=summary))

    def flush(self) -> None:
        """Write everything to disk. Raises OSError."""
        self._writer.flush()

    def close(self) -> None:
        """Write everything to disk and close the file. Raises OSError."""
        self._writer.flush()  # raises errors of the writing thread, which close does not
        self._writer.close()

    def _add(self, event: Event) -> None:
        event.wall_time = time.time()
        self._writer.add_event(event)


def read_log(log: Path) -> EventLog:
    """Read the scalars of the run to be judged.

    Args:
        log: a folder with event files or tables, or one such file.

    Returns:
        The run, and a line for each problem, such as a truncated file. Where several runs share the folder, it is the one
        that reaches the highest step, among equals the newest, and a line says so.

    Raises:
        UnreadableLog: there is no log, or there are no scalars in it.

    """
    return judged(read_runs(log))


def read_runs(log: Path) -> list[EventLog]:
    """Read the scalars of all runs of a folder.

    A resumed run writes a file per start. A later file replaces earlier ones from its first step on.

    Args:
        log: a folder with event files or tables, or one such file. Tables are read if there are no scalars in event files.

    Returns:
        The runs in order of start, each with a line for each problem, such as a truncated file.

    Raises:
        UnreadableLog: there is no log, or there are no scalars in it.

    """
    if not log.is_dir():
        return _runs_of_file(log)
    paths = event_files(log)
    tables = any(is_table(path.name) for path in log.iterdir() if path.is_file())
    if not any(path.is_file() for path in paths) and not tables:
        raise UnreadableLog(f"{log}: no TensorBoard event file there, nor a table such as progress.csv")
    try:
        return _runs_of_events(log, paths) if paths else read_tables(log)
    except UnreadableLog as error:
        if not paths or not tables:
            raise
        return [run._replace(problems=[str(error), *run.problems]) for run in read_tables(log)]


def _runs_of_file(path: Path) -> list[EventLog]:
    if not path.is_file():
        raise UnreadableLog(f"{path}: no TensorBoard event file there")
    if has_table_suffix(path.name):
        return read_table(path)
    return _runs_of_events(path, [path])


def _runs_of_events(log: Path, paths: list[Path]) -> list[EventLog]:
    try:
        return read_event_files(paths)
    except UnreadableLog as error:
        raise UnreadableLog(f"{log}: {error}") from None
