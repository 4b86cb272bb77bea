"""Memory per transition, batches per second, and time of a checkpoint of the replay.

    python bench/replay.py                  # checkpoints of 100,000 and of 1,000,000 transitions: 8 GB of disk and 16 of memory
    python bench/replay.py --checkpoints 100000

The baseline is Stable-Baselines3's DictReplayBuffer. Both are sampled alternately in one run; values are medians over rounds.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import baseline
import numpy as np
import torch
from quick import NOTE, add_quick
from rich.console import Console
from rich.table import Table

from av_td3.config.composition import experiment
from av_td3.replay.archive import ReplayArchive
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage

EPISODE, BATCH, ROUNDS, DRAWS = 100, 256, 7, 100
NEW_STEPS = 10_000  # between two checkpoints


def built(transitions: int, storage: str, folder: Path) -> Replay:
    """An empty replay with a capacity of ``transitions`` in episodes of 100 steps."""
    slots = transitions + transitions // EPISODE + 1
    return Replay(frame_storage(storage, slots, (1, 84, 84), folder, torch.device("cpu")), 23, 2, stack=4, discount=0.99)


def drive(replay: Replay, steps: int, rng: np.random.Generator) -> None:
    """Add random episodes."""
    frames = rng.integers(0, 256, (64, 1, 84, 84), dtype=np.uint8)
    vector, action = np.zeros(23, np.float32), np.zeros(2, np.float32)
    for step in range(steps):
        if step % EPISODE == 0:
            replay.begin_episode({"image": frames[step % 64], "vector": vector})
        replay.add(action, 0.0, False, {"image": frames[(step + 1) % 64], "vector": vector})


def per_second(draw: Callable[[], Any], draws: int) -> float:
    """Batches per second over ``draws`` batches."""
    began = time.perf_counter()
    for _ in range(draws):
        draw()
    return draws / (time.perf_counter() - began)


def drawing(transitions: int, rounds: int, draws_a_round: int, folder: Path, console: Console) -> None:
    """Print bytes per transition and batches per second of our storages and of the baseline."""
    rng = np.random.default_rng(0)
    replays = {f"ours, {storage}": built(transitions, storage, folder) for storage in ("memory", "disk")}
    for replay in replays.values():
        drive(replay, transitions, rng)
    buffer = baseline.learner("cpu", BATCH, transitions, experiment(["name=bench"]).network).replay_buffer
    draws: dict[str, Callable[[], Any]] = {"Stable-Baselines3": lambda: buffer.sample(BATCH)}
    draws |= {name: (lambda replay=replay: replay.sample(BATCH, rng)) for name, replay in replays.items()}
    rates: dict[str, list[float]] = {name: [] for name in draws}
    for _ in range(rounds):
        for name, draw in draws.items():
            rates[name].append(per_second(draw, draws_a_round))
    arrays = [*buffer.observations.values(), *buffer.next_observations.values()]
    arrays += [buffer.actions, buffer.rewards, buffer.dones, buffer.timeouts]
    sizes = {"Stable-Baselines3": sum(array.nbytes for array in arrays) / transitions}
    sizes |= {name: replay.nbytes / transitions for name, replay in replays.items()}
    table = Table("replay", "bytes a transition", f"batches of {BATCH} a second", "lowest", "highest", "over the baseline")
    base = statistics.median(rates["Stable-Baselines3"])
    for name, measured in rates.items():
        middle = statistics.median(measured)
        numbers = (f"{middle:.0f}", f"{min(measured):.0f}", f"{max(measured):.0f}", f"{middle / base:.2f}")
        table.add_row(name, f"{sizes[name]:.0f}", *numbers)
    console.print(f"{transitions} transitions in episodes of {EPISODE}; {baseline.version()}")
    console.print(table)


def checkpoint(transitions: int, folder: Path) -> tuple[str, ...]:
    """Seconds and megabytes of the first checkpoint and of the next after 10,000 new steps, and seconds to read both."""
    rng = np.random.default_rng(0)
    replay, archive = built(transitions, "memory", folder), ReplayArchive(folder / "replay")
    drive(replay, transitions, rng)
    figures, segments = [], []
    for steps in (0, NEW_STEPS):
        drive(replay, steps, rng)
        began = time.perf_counter()
        segments.append(archive.append(replay))
        figures += [f"{time.perf_counter() - began:.2f}", f"{segments[-1].size / 1e6:.1f}"]
    del replay
    restored = built(transitions, "memory", folder)
    began = time.perf_counter()
    archive.restore(restored, segments)
    return (f"{transitions}", *figures, f"{time.perf_counter() - began:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transitions", type=int, default=30_000, help="in the replays that are sampled from")
    parser.add_argument("--checkpoints", type=int, nargs="+", default=[100_000, 1_000_000])
    add_quick(parser)
    arguments = parser.parse_args()
    rounds, draws = ROUNDS, DRAWS
    if arguments.quick:
        rounds, draws, arguments.transitions, arguments.checkpoints = 1, 5, 1000, [1000]
    console = Console()
    table = Table("transitions", "first, s", "MB", f"after {NEW_STEPS} steps, s", "MB", "read back, s")
    with TemporaryDirectory(dir=".") as folder:
        drawing(arguments.transitions, rounds, draws, Path(folder), console)
    for transitions in arguments.checkpoints:
        print(f"checkpoint of {transitions}", file=sys.stderr)
        with TemporaryDirectory(dir=".") as folder:
            table.add_row(*checkpoint(transitions, Path(folder)))
    console.print(table)
    if arguments.quick:
        console.print(NOTE)


if __name__ == "__main__":
    main()
