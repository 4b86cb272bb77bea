"""Mean and standard deviation of each number of the observation's vector on driving data, unscaled and scaled.

    python bench/observation.py
    python bench/observation.py --steps 1000 scenario=loop      # fewer steps, with overrides of the config

Half of the steps use random actions, each held for ten steps, as in training before learning starts. The other half use a pure
pursuit controller at the target speed with noise on its actions, similar to an agent that starts to drive.
"""

import argparse
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from quick import NOTE, add_quick
from rich.console import Console
from rich.table import Table

from av_td3.config.composition import experiment
from av_td3.config.experiment import Config
from av_td3.config.observation import Observation
from av_td3.env.remote_env import RemoteEnv
from av_td3.env.vector import HeadingError, Waypoints
from av_td3.training.exploration import Exploration

NOISE = 0.3  # std on the actions of the pure pursuit
LOOK_AHEAD = 2  # index of the waypoint that the controller follows; 1 is 10 m ahead
WHEELBASE, FULL_LOCK = 2.9, math.radians(35.0)  # m, rad


def scales(observation: Observation) -> NDArray[np.float64]:
    """The scale of each number of the vector, in its own unit."""
    found: list[float] = []
    for entry in observation.vector.values():
        if isinstance(entry, Waypoints):
            found += [distance * entry.scale for distance in entry.distances for _ in "xy"]
        elif isinstance(entry, HeadingError):
            found.append(math.radians(entry.scale))
        else:
            found += [getattr(entry, "scale", 1.0)] * len(entry.labels(""))
    return np.array(found)


def pure_pursuit(vector: NDArray[np.float64], target_speed: float) -> NDArray[np.float64]:
    """Steer and pedal towards a waypoint, from the unscaled vector."""
    x, y = vector[3 + 2 * LOOK_AHEAD : 5 + 2 * LOOK_AHEAD]
    steer = math.atan(2.0 * WHEELBASE * y / (x * x + y * y)) / FULL_LOCK
    return np.array([steer, 0.5 * (target_speed - vector[0])])


def collect(config: Config, steps: int, folder: Path) -> NDArray[np.float64]:
    """Vectors ``(steps, 23)`` in metres, metres per second and radians."""
    server = config.simulator.server(folder / "simulator.log")
    env = RemoteEnv(config, server, folder / "worker.log")
    exploration, rng = Exploration(config.algorithm, config.action.size, config.seed, 1), np.random.default_rng(config.seed)
    seen, seed, observation = [], 0, env.reset(0)
    for step in range(steps):
        seen.append(observation["vector"] * scales(config.observation))
        if step < steps // 2:
            action = exploration.random(0)
        else:
            action = pure_pursuit(seen[-1], config.reward.target_speed / 3.6) + rng.normal(0.0, NOISE, 2)
        outcome = env.step(np.clip(action, -1.0, 1.0).astype(np.float32))
        observation = outcome.observation
        if outcome.terminated or outcome.truncated:
            seed += 1
            observation = env.reset(seed)
    env.close()
    return np.array(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("overrides", nargs="*")
    add_quick(parser)
    arguments = parser.parse_args()
    config = experiment(["name=bench", "scenario=suburb_empty", *arguments.overrides])
    with TemporaryDirectory() as folder:
        seen = collect(config, 200 if arguments.quick else arguments.steps, Path(folder))
    table = Table("number", "mean", "std", "scale", "mean, scaled", "std, scaled", "at the bound")
    labels, bound = config.observation.vector_labels, config.observation.bound
    for name, scale, column in zip(labels, scales(config.observation), seen.T, strict=True):
        mean, std, clipped = column.mean(), column.std(), np.mean(np.abs(column / scale) >= bound)
        table.add_row(
            name, f"{mean:.2f}", f"{std:.2f}", f"{scale:.2f}", f"{mean / scale:.2f}", f"{std / scale:.2f}", f"{clipped:.1%}"
        )
    console = Console()
    console.print(table)
    if arguments.quick:
        console.print(NOTE)


if __name__ == "__main__":
    main()
