"""Reads the scalars of any TensorBoard folder. Needs neither torch nor carla."""

import os
from array import array
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.tensorflow_stub.errors import OpError

from av_td3.runs.tensor_scalar import scalar_in

RECORD_FRAME = 16  # bytes around each record: its length and two checksums


class UnreadableLog(ValueError):
    """There is nothing here that can be read. The message is one line that names the place."""


class Series(NamedTuple):
    """What was logged under one tag."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


Scalars = dict[str, Series]


class EventLog(NamedTuple):
    """The scalars by their tags, and a line for each file that could not be read to its end."""

    scalars: Scalars
    problems: list[str]


def read_log(folder: Path) -> EventLog:
    """All scalars of a folder, or of one event file, in the order of their steps.

    Where a run was resumed, each of its starts wrote a file; a later file replaces what an earlier one says about the steps
    from its own first one on. Raises UnreadableLog.
    """
    paths = [folder]
    if folder.is_dir():
        paths = sorted((path for path in folder.iterdir() if "tfevents" in path.name), key=_start)
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
    """Files in the order of their starts: ``events.out.tfevents.<seconds>.<host>...``."""
    seconds = path.name.partition("tfevents.")[2].partition(".")[0]
    return (int(seconds) if seconds.isdecimal() else 0, path.name)


class _EventFile:
    """The content of one file."""

    def __init__(self, path: Path):
        self._points: dict[str, tuple[array[int], array[float]]] = defaultdict(lambda: (array("q"), array("d")))
        self._replaces_from: int | None = None  # the step from which this file replaces all earlier ones
        self._tensor_tags: set[str] = set()  # scalars that TensorFlow 2 wrote, as tensors
        self._skipped: Counter[str] = Counter()  # by tag: values of a scalar that are no single number
        self.problems: list[str] = []
        if not path.is_file():
            self.problems.append(f"{path.name} is no file")
            return
        try:
            self._read(path)
        except OSError as error:
            self.problems.append(f"{path.name}: {error.strerror or error}")
        for tag, count in self._skipped.items():
            self.problems.append(f"{path.name}: skipped {count} value(s) of {tag}, none a single number")

    def _read(self, path: Path) -> None:
        size, read, undecodable = path.stat().st_size, 0, 0
        try:
            for record in RawEventFileLoader(os.fsencode(path)).Load():  # ends at a record that is cut off or damaged
                read += len(record) + RECORD_FRAME
                try:
                    self._take(Event.FromString(record))
                except DecodeError:
                    undecodable += 1
        except (OpError, OverflowError, MemoryError):  # a record that claims to be longer than anything
            pass
        if size == 0:
            self.problems.append(f"{path.name} is empty")
        elif read < size:
            self.problems.append(f"{path.name}: the last {size - read} of {size} bytes are cut off or damaged")
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
        """The earlier scalars, up to where this file takes over, and this file's."""
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
