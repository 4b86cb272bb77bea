"""Steps per second of 1, 2, 3, ... parallel environments, each with a built-in simulator.

    python bench/environments.py
    python bench/environments.py --most 2 scenario=loop      # up to two, with overrides of the config

Random actions, episodes as in training, no updates. The numbers of environments alternate; values are medians.
"""

import argparse
import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from quick import NOTE, add_quick
from rich.console import Console
from rich.table import Table

from av_td3.config.composition import experiment
from av_td3.config.experiment import Config
from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import RemoteEnv, Step

ROUNDS, SECONDS = 3, 12.0


def pool(config: Config, number: int, folder: Path) -> EnvPool:
    """Start ``number`` environments."""
    servers = [config.simulator.server(folder / f"simulator-{i}.log") for i in range(number)]
    return EnvPool([RemoteEnv(config, server, folder / f"worker-{i}.log", env_index=i) for i, server in enumerate(servers)])


def rate(envs: EnvPool, seconds: float) -> float:
    """Steps per second, including resets between episodes, after all environments have started."""
    rng = np.random.default_rng(0)
    for env_index in range(len(envs)):
        envs.reset(env_index, seed=env_index)
    begun = [envs.next_answer().env_index for _ in range(len(envs))]
    for env_index in begun:
        envs.step(env_index, rng.uniform(-1.0, 1.0, 2).astype(np.float32))
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        env_index, result = envs.next_answer()
        if isinstance(result, Step):
            steps += 1
        if isinstance(result, Step) and (result.terminated or result.truncated):
            envs.reset(env_index, seed=int(rng.integers(2**31)))
        else:
            envs.step(env_index, rng.uniform(-1.0, 1.0, 2).astype(np.float32))
    return steps / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=4)
    parser.add_argument("overrides", nargs="*")
    add_quick(parser)
    arguments = parser.parse_args()
    rounds, seconds, most = (1, 0.5, 2) if arguments.quick else (ROUNDS, SECONDS, arguments.most)
    overrides = arguments.overrides or ["scenario=suburb_traffic"]
    config = experiment(["name=bench", *overrides])
    numbers = range(1, most + 1)
    rates: dict[int, list[float]] = {number: [] for number in numbers}
    for _ in range(rounds):
        for number in numbers:
            with TemporaryDirectory() as folder:
                envs = pool(config, number, Path(folder))
                rates[number].append(rate(envs, seconds))
                envs.close()
    table = Table("environments", "steps/s, median", "lowest", "highest", "of one")
    one = statistics.median(rates[1])
    for number, measured in rates.items():
        middle = statistics.median(measured)
        table.add_row(f"{number}", f"{middle:.0f}", f"{min(measured):.0f}", f"{max(measured):.0f}", f"{middle / one:.2f}")
    console = Console()
    console.print(f"{len(os.sched_getaffinity(0))} cores; {' '.join(overrides)}")
    console.print(table)
    if arguments.quick:
        console.print(NOTE)


if __name__ == "__main__":
    main()
