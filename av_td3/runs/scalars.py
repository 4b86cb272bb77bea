"""Writes and reads TensorBoard event files."""

import os
import time
from array import array
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.errors import OpError
from tensorboard.summary.writer import event_file_writer

from av_td3.runs.tensor_scalar import scalar_in

FILE_MARK = "tfevents"  # in the name of every event file
FILE_VERSION = "brain.Event:2"
FLUSH_SECONDS = 10
RECORD_FRAME = 16  # bytes per record in addition to its content: length and two checksums


class UnreadableLog(ValueError):
    """There is no readable log. The message is one line that names the path."""


class Series(NamedTuple):
    """The logged values of one tag: ``steps`` int64 (n,) in environment steps, ``values`` float64 (n,)."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


Scalars = dict[str, Series]


class EventLog(NamedTuple):
    """The scalars by tag, and a line for each problem of a file."""

    scalars: Scalars
    problems: list[str]


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


def is_event_file(name: str) -> bool:
    """Whether a file name is that of a TensorBoard event file."""
    return FILE_MARK in name


def read_log(folder: Path) -> EventLog:
    """Read all scalars of a folder.

    A resumed run writes a file per start. A later file replaces earlier ones from its first step on.

    Args:
        folder: with event files, or a single event file.

    Returns:
        The scalars, and a line for each problem, such as a truncated file.

    Raises:
        UnreadableLog: there is no event file, or there are no scalars in it.

    """
    paths = [folder]
    if folder.is_dir():
        paths = sorted((path for path in folder.iterdir() if is_event_file(path.name)), key=_start)
    if not any(path.is_file() for path in paths):
        raise UnreadableLog(f"{folder}: no TensorBoard event file there")
    scalars: Scalars = {}
    problems: list[str] = []
    for path in paths:
        part = _EventFile(path)
        scalars = part.continuing(scalars)
        problems += part.problems
    if not scalars:
        raise UnreadableLog(f"{folder}: no scalars in its event files" + "".join(f"; {problem}" for problem in problems))
    return EventLog(scalars, problems)


def _start(path: Path) -> tuple[int, str]:
    """Sort key by time of creation: ``events.out.tfevents.<seconds>.<host>...``."""
    seconds = path.name.partition(f"{FILE_MARK}.")[2].partition(".")[0]
    return (int(seconds) if seconds.isdecimal() else 0, path.name)


class _EventFile:
    """The content of one event file."""

    def __init__(self, path: Path):
        self._points: dict[str, tuple[array[int], array[float]]] = defaultdict(lambda: (array("q"), array("d")))
        self._replaces_from: int | None = None  # step from which on this file replaces earlier ones
        self._tensor_tags: set[str] = set()  # of scalars that TensorFlow 2 wrote as tensors
        self._skipped: Counter[str] = Counter()  # by tag: values that are not a single number
        self.problems: list[str] = []
        if not path.is_file():
            self.problems.append(f"{path.name} is not a regular file")
            return
        try:
            self._read(path)
        except OSError as error:
            self.problems.append(f"{path.name}: {error.strerror or error}")
        for tag, count in self._skipped.items():
            self.problems.append(f"{path.name}: skipped {count} value(s) of {tag} that are not a single number")

    def _read(self, path: Path) -> None:
        size, read, undecodable = path.stat().st_size, 0, 0
        try:
            for record in RawEventFileLoader(os.fsencode(path)).Load():  # stops at a truncated or damaged record
                read += len(record) + RECORD_FRAME
                try:
                    self._take(Event.FromString(record))
                except DecodeError:
                    undecodable += 1
        except (OpError, OverflowError, MemoryError):  # the length of a record is invalid
            pass
        if size == 0:
            self.problems.append(f"{path.name} is empty")
        elif read < size:
            self.problems.append(f"{path.name}: the last {size - read} of {size} bytes are truncated or damaged")
        if undecodable:
            self.problems.append(f"{path.name}: skipped {undecodable} record(s) that hold no TensorBoard event")

    def _take(self, event: Event) -> None:
        if event.session_log.status == SessionLog.START and event.step > 0:
            self._replaces_from = event.step
        for value in event.summary.value:
            number = self._number(value)
            if number is not None:
                steps, values = self._points[value.tag]
                steps.append(event.step)
                values.append(number)

    def _number(self, value: Event) -> float | None:
        kind = value.WhichOneof("value")
        if kind == "simple_value":
            return float(value.simple_value)
        if value.metadata.plugin_data.plugin_name == "scalars":
            self._tensor_tags.add(value.tag)
        if value.tag not in self._tensor_tags:
            return None  # a histogram, an image, a text
        number = scalar_in(value.tensor) if kind == "tensor" else None
        if number is None:
            self._skipped[value.tag] += 1
        return number

    def continuing(self, earlier: Scalars) -> Scalars:
        """The earlier scalars before the first step of this file, followed by those of this file."""
        if self._replaces_from is not None:
            earlier = {tag: _before(series, self._replaces_from) for tag, series in earlier.items()}
        joined = dict(earlier)
        for tag, (steps, values) in self._points.items():
            new = Series(np.array(steps, np.int64), np.array(values, np.float64))
            old = joined.get(tag)
            joined[tag] = new if old is None else _joined(_before(old, int(new.steps.min())), new)
        return {tag: series for tag, series in joined.items() if len(series.steps)}


def _before(series: Series, step: int) -> Series:
    keep = series.steps < step
    return Series(series.steps[keep], series.values[keep])


def _joined(first: Series, second: Series) -> Series:
    return Series(np.concatenate([first.steps, second.steps]), np.concatenate([first.values, second.values]))
