"""Time to read and diagnose a large TensorBoard log, vs. TensorBoard's own EventAccumulator.

    python bench/read_log.py
    python bench/read_log.py --megabytes 10

Both read the same file alternately. The file is created for the benchmark and deleted afterwards.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from quick import NOTE, add_quick
from rich.console import Console
from rich.table import Table
from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from av_td3.diagnostics.diagnose import diagnose
from av_td3.diagnostics.recorded_run import read_run
from av_td3.runs.scalars import read_log

TAGS = (
    *("train/actor_loss", "train/critic_loss", "train/q1_value", "train/q2_value", "train/updates", "debug/actor_q_mean"),
    *(f"debug/{m}_grad_norm_{w}_clip" for m in ("actor", "critic", "actor_mlp", "critic_mlp") for w in ("BEFORE", "AFTER")),
)


def write_log(folder: Path, megabytes: float) -> int:
    """Write an event file of this size with one scalar per record, like torch's SummaryWriter; returns its number of points."""
    rng, points = np.random.default_rng(0), 0
    with (folder / "events.out.tfevents.1.host.1.0").open("wb") as file:
        writer = RecordWriter(file)
        while file.tell() < megabytes * 1e6:
            for tag in TAGS:
                value = Summary.Value(tag=tag, simple_value=abs(rng.standard_normal()))
                writer.write(Event(wall_time=1.0, step=points, summary=Summary(value=[value])).SerializeToString())
            points += 1
    return points * len(TAGS)


def read_with_tensorboard(folder: Path) -> None:
    """Read all scalars with TensorBoard's library."""
    accumulator = EventAccumulator(str(folder), size_guidance={SCALARS: 0})
    accumulator.Reload()
    for tag in accumulator.Tags()["scalars"]:
        accumulator.Scalars(tag)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=100.0)
    parser.add_argument("--rounds", type=int, default=3)
    add_quick(parser)
    arguments = parser.parse_args()
    megabytes, rounds = (0.2, 1) if arguments.quick else (arguments.megabytes, arguments.rounds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        points = write_log(folder, megabytes)
        print(f"{megabytes:g} MB, {points} points, {rounds} rounds")
        readers: dict[str, Callable[[], object]] = {
            "read_log": lambda: read_log(folder),
            "read and diagnose": lambda: diagnose(read_run(folder)),
            "EventAccumulator": lambda: read_with_tensorboard(folder),
        }
        seconds: dict[str, list[float]] = {reader: [] for reader in readers}
        for _ in range(rounds):
            for reader, read in readers.items():
                began = time.perf_counter()
                read()
                seconds[reader].append(time.perf_counter() - began)
    table = Table("reader", "s, median", "lowest", "highest")
    for reader, taken in seconds.items():
        table.add_row(reader, *(f"{figure:.2f}" for figure in (statistics.median(taken), min(taken), max(taken))))
    console = Console()
    console.print(table)
    if arguments.quick:
        console.print(NOTE)


if __name__ == "__main__":
    main()
