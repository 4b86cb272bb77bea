"""``make soak``: short episodes on a stand-in for CARLA that something happens to about every twenty episodes.

It checks that every episode is run, that every fault is counted once, and that no memory, process or file is left behind.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv
from av_td3.simulator import server_record
from av_td3.simulator.errors import SimulatorLost
from tests.carla_stand_in.launch import servers, stand_in, starts
from tests.conftest import compose_config

STEPS = 6  # of an episode; with those in which the car settles, a fault comes about every twenty episodes
LEASED_PORTS = 4  # descriptors that a process keeps for those of its server
TICKS_BETWEEN = (90, 260)
KINDS = ("dies_in_step", "dies_in_frame", "hangs_in_tick", "stops_frames", "drops_connections", "exits", "starts_late")
AHEAD = np.array([0.0, 0.5], np.float32)


class Soak(NamedTuple):
    """What came of it. Memory is that of this process in MB, at a tenth of the episodes and at the end."""

    episodes: int
    lost: int
    starts: int
    restarts: int
    memory: tuple[float, float]
    descriptors: tuple[int, int]
    left: int
    seconds: float


def plan(count: int, seed: int) -> list[dict[str, object]]:
    """A fault for each start of the server."""
    rng = random.Random(seed)
    faults: list[dict[str, object]] = []
    for start in range(1, count + 1):
        kind = KINDS[start % len(KINDS)]
        faults.append({"kind": kind, "starts": [start], "tick": rng.randint(*TICKS_BETWEEN), "seconds": 1.0})
        if kind == "starts_late":  # it lives for ever otherwise
            faults.append({"kind": "dies_in_step", "starts": [start], "tick": rng.randint(*TICKS_BETWEEN)})
    return faults


def soak(folder: Path, episodes: int, seed: int = 0) -> Soak:
    """Run the episodes. ``folder`` is empty, and gets the logs."""
    before, leases = servers(), folder / "leases"
    leases.mkdir(mode=0o700)
    server_record.lease_folder = lambda kind: leases  # so that what is left in it is ours
    faults = stand_in(folder, *plan(episodes // 8 + 10, seed))
    short = ("scenario=loop", f"scenario.max_episode_steps={STEPS}")
    config = compose_config(*short, *faults, "simulator.timeout=1.0", "simulator.max_restarts=5")
    process, began = psutil.Process(), time.monotonic()
    lost, memory, descriptors = 0, [], [process.num_fds()]
    env = RemoteEnv(config, config.simulator.server(folder / "simulator.log"), folder / "worker.log")
    for episode in range(episodes):
        if episode in (episodes // 10, episodes - 1):
            memory.append(process.memory_info().rss / 1e6)
        try:
            _drive(env, episode)
        except (SimulatorLost, EpisodeFailed):
            lost += 1
    restarts = env.restarts
    env.close()
    descriptors.append(process.num_fds())
    left = len(servers() - before) + len(list(leases.glob("*.json")))
    seconds = time.monotonic() - began
    return Soak(
        episodes, lost, len(starts(folder)), restarts, (memory[0], memory[-1]), (descriptors[0], descriptors[-1]), left, seconds
    )


def _drive(env: RemoteEnv, seed: int) -> None:
    env.reset(seed)
    for _ in range(STEPS):
        step = env.step(AHEAD)
        if step.terminated or step.truncated:
            return


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=2000)
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        done = soak(Path(folder), arguments.episodes)
    print(done)
    grown = done.memory[1] - done.memory[0]
    opened = done.descriptors[1] - done.descriptors[0] - LEASED_PORTS
    good = done.restarts == done.starts - 1 and grown < 20.0 and done.left == 0 and opened == 0
    print("ok" if good else "FAILED: a fault was not counted, or something is left behind")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
