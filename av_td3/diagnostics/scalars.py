"""Reads the scalars of any TensorBoard folder. Needs neither torch nor carla."""

from pathlib import Path
from typing import NamedTuple

from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator


class Point(NamedTuple):
    """One logged number."""

    step: int
    value: float


Scalars = dict[str, list[Point]]


def read_scalars(folder: Path) -> Scalars:
    """All points of all tags, in the order of their steps. Raises FileNotFoundError where there is no log."""
    if not any(folder.glob("events.out.tfevents.*")):
        raise FileNotFoundError(f"{folder}: no TensorBoard event file there")
    accumulator = EventAccumulator(str(folder), size_guidance={SCALARS: 0})
    accumulator.Reload()
    tags = accumulator.Tags()["scalars"]
    return {tag: [Point(event.step, event.value) for event in accumulator.Scalars(tag)] for tag in tags}
