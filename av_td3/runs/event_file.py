"""Reads one TensorBoard event file."""

import os
from array import array
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.errors import OpError

from av_td3.runs.series import Scalars, Series
from av_td3.runs.tensor_scalar import is_numeric, numbers_in

FILE_MARK = "tfevents"  # in the name of every event file
RECORD_FRAME = 16  # bytes per record in addition to its content: length and two checksums


def is_event_file(name: str) -> bool:
    """Whether a file name is that of a TensorBoard event file."""
    return FILE_MARK in name


def creation_order(path: Path) -> tuple[int, str]:
    """Sort key by time of creation: ``events.out.tfevents.<seconds>.<host>...``."""
    seconds = path.name.partition(f"{FILE_MARK}.")[2].partition(".")[0]
    return (int(seconds) if seconds.isdecimal() else 0, path.name)


class EventFile:
    """The scalars of one event file.

    Args:
        path: of the file. What cannot be read adds a line to ``problems``.
        max_tags: stop reading at the first point of so many tags; None reads all.

    """

    def __init__(self, path: Path, max_tags: int | None = None):
        self.name = path.name
        self.replaces_from: int | None = None  # step from which on this file replaces earlier ones
        self.scalars: Scalars = {}  # all points
        self.plugins: set[str] = set()  # of TensorBoard, other than that of scalars
        self.problems: list[str] = []
        self._max_tags = max_tags
        self._points: dict[str, tuple[array[int], array[float]]] = defaultdict(lambda: (array("q"), array("d")))
        self._first_step: int | None = None
        self._at_first_step: list[str] = []  # tags of the points in order, as long as no other step was seen
        self._one_step = True
        self._other_plugins: set[str] = set()  # tags of histograms, images, texts
        self._without_plugin: set[str] = set()  # tags of numbers whose tensors do not say what they are
        self._vectors: set[str] = set()  # tags with several numbers per point
        self._skipped: Counter[str] = Counter()  # by tag: values that are not a number
        if not path.is_file():
            self.problems.append(f"{path.name} is not a regular file")
            return
        try:
            self._read(path)
        except OSError as error:
            self.problems.append(f"{path.name}: {error.strerror or error}")
        for tag in self._other_plugins & self._without_plugin:
            del self._points[tag]
        self._note_tensors()
        self.scalars = self._series()

    @property
    def only_step(self) -> int | None:
        """The step of all points, if a tag has several points and all are at one step."""
        return self._first_step if self._one_step and any(len(steps) > 1 for steps, _ in self._points.values()) else None

    def number_points(self) -> None:
        """Use the order of the points as their step, for a file whose writer gave all of them the same."""
        counts: Counter[str] = Counter()
        order: dict[str, array[int]] = defaultdict(lambda: array("q"))
        latest = 0
        for tag in self._at_first_step:
            counts[tag] += 1
            latest = max(latest, counts[tag])  # so tags that are written together keep a common step
            order[tag].append(latest - 1)
        self._points = {tag: (order[tag], values) for tag, (_, values) in self._points.items()}
        self.scalars = self._series()
        self.problems.append(f"{self.name}: all points are at step {self._first_step}; their order is used as the step")

    def _series(self) -> Scalars:
        return {
            tag: Series(np.array(steps, np.int64), np.array(values, np.float64))
            for tag, (steps, values) in self._points.items()
        }

    def _read(self, path: Path) -> None:
        size, read, undecodable = path.stat().st_size, 0, 0
        try:
            for record in RawEventFileLoader(os.fsencode(path)).Load():  # stops at a truncated or damaged record
                read += len(record) + RECORD_FRAME
                try:
                    self._take(Event.FromString(record))
                except DecodeError:
                    undecodable += 1
                if self._max_tags is not None and len(self._points) >= self._max_tags:
                    return
        except (OpError, OverflowError, MemoryError):  # the length of a record is invalid
            pass
        if size == 0:
            self.problems.append(f"{path.name} is empty")
        elif read == 0 and not is_event_file(path.name):
            self.problems.append(f"{path.name} is not an event file")
        elif read < size:
            self.problems.append(f"{path.name}: the last {size - read} of {size} bytes are truncated or damaged")
        if undecodable:
            self.problems.append(f"{path.name}: skipped {undecodable} record(s) that hold no TensorBoard event")

    def _take(self, event: Event) -> None:
        if event.session_log.status == SessionLog.START and event.step > 0:
            self.replaces_from = event.step
        for value in event.summary.value:
            number = float(value.simple_value) if value.HasField("simple_value") else self._number(value)
            if number is not None:
                steps, values = self._points[value.tag]
                steps.append(event.step)
                values.append(number)
                if self._one_step:
                    self._watch_step(event.step, value.tag)

    def _number(self, value: Summary.Value) -> float | None:
        """The number of a value that is no ``simple_value``; None for a histogram, an image, a text."""
        plugin = value.metadata.plugin_data.plugin_name
        if plugin not in ("", "scalars"):
            self.plugins.add(plugin)
            self._other_plugins.add(value.tag)
        if value.tag in self._other_plugins or value.WhichOneof("value") != "tensor":
            return None
        numbers = numbers_in(value.tensor)
        if numbers is None:
            if plugin or is_numeric(value.tensor) or value.tag in self._points or value.tag in self._skipped:
                self._skipped[value.tag] += 1
            return None
        if not plugin:
            self._without_plugin.add(value.tag)
        if len(numbers) == 1:
            return float(numbers[0])
        self._vectors.add(value.tag)
        finite = numbers[np.isfinite(numbers)]
        return float(finite.mean()) if len(finite) else float("nan")

    def _watch_step(self, step: int, tag: str) -> None:
        if self._first_step is None:
            self._first_step = step
        self._one_step = step == self._first_step
        if self._one_step:
            self._at_first_step.append(tag)
        else:
            self._at_first_step.clear()

    def _note_tensors(self) -> None:
        for tag in sorted(self._vectors - self._other_plugins):
            self.problems.append(f"{self.name}: {tag} holds several numbers per point; read is the mean of the finite ones")
        for tag, count in self._skipped.items():
            if tag not in self._other_plugins:
                self.problems.append(f"{self.name}: skipped {count} value(s) of {tag} that are not a single number")


def first_tags(path: Path, count: int) -> list[str]:
    """The tags of the scalars with which an event file begins, at most ``count``, without reading on."""
    return list(EventFile(path, max_tags=count).scalars)[:count]
