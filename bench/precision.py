"""Loss curves of fp32, bf16 and compiled agents on the same data, vs. the spread of fp32 over seeds.

    python bench/precision.py docs/images/precision.png                   # cpu
    python bench/precision.py docs/images/precision_cuda.png --device cuda

The data are random images whose best action is given by the vector; every agent gets the same batches in the same order. The
band is fp32 with other target noise and batches: a precision within it learns the same. Network and batch are small, because
CPUs without native bf16 emulate it slowly; this is not a timing.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
import torch
from quick import NOTE, add_quick, require
from rich.console import Console
from rich.table import Table

from av_td3.agents.compute import choose
from av_td3.config.composition import experiment
from av_td3.replay.buffer import Batch

matplotlib.use("Agg")
import matplotlib.pyplot as plt

UPDATES, POINT, BATCH, SEEDS = 600, 20, 32, 6
CURVES = {"train/critic_loss": "critic loss", "train/actor_loss": "actor loss", "debug/actor_pre_tanh_abs": "mean |pre-tanh|"}
LEARNERS = {
    "fp32": (),
    "bf16": ("hardware.precision=bf16",),
    "fp32, compiled": ("hardware.compile=true",),
    "bf16, compiled": ("hardware.precision=bf16", "hardware.compile=true"),
}


def batch(seed: int) -> Batch:
    """Transitions whose reward is highest if the action equals the first two numbers of the vector."""
    rng = np.random.default_rng(seed)
    vector = rng.uniform(-1.0, 1.0, (BATCH, 23)).astype(np.float32)
    action = rng.uniform(-1.0, 1.0, (BATCH, 2)).astype(np.float32)
    reward = -np.square(action - vector[:, :2]).sum(axis=1)
    return Batch(
        frames=torch.from_numpy(rng.integers(0, 256, (BATCH, 5, 84, 84), dtype=np.uint8)),
        channels=4,
        vector=torch.from_numpy(vector),
        next_vector=torch.from_numpy(rng.uniform(-1.0, 1.0, (BATCH, 23)).astype(np.float32)),
        action=torch.from_numpy(action),
        reward=torch.from_numpy(reward.astype(np.float32)),
        discount=torch.from_numpy(np.where(rng.random(BATCH) < 0.05, 0.0, 0.9).astype(np.float32)),
    )


def curves(seed: int, updates: int, device: str, *overrides: str) -> dict[str, list[float]]:
    """Train from the same initial weights; ``seed`` determines batches and target noise."""
    common = ["name=bench", "network=small_cnn", f"hardware.device={device}", "hardware.precision=fp32"]
    config = experiment([*common, *overrides])
    agent = config.algorithm.build(config, choose(config.hardware))
    state = agent.state_dict()
    noise = torch.Generator(state["noise"].device).manual_seed(seed).get_state()
    agent.load_state_dict(state | {"noise": noise})
    found: dict[str, list[float]] = {tag: [] for tag in CURVES}
    for update in range(1, updates + 1):
        agent.update(batch(UPDATES * seed + update))
        if update % POINT == 0:
            scalars = agent.drain()
            for tag in CURVES:
                found[tag].append(scalars[tag])
    return found


def main() -> None:
    """Train, draw the curves, and print the distance of each agent from fp32, in standard deviations over seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", type=Path)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    add_quick(parser)
    arguments = parser.parse_args()
    quick, device = arguments.quick, arguments.device
    require(device, quick=quick)
    updates, number_of_seeds = (POINT, 2) if quick else (UPDATES, SEEDS)
    learners = {name: overrides for name, overrides in LEARNERS.items() if not quick or "compiled" not in name}
    seeds = [curves(seed, updates, device) for seed in range(number_of_seeds)]
    same_data = {name: curves(0, updates, device, *overrides) for name, overrides in learners.items()}
    table = Table("curve", "learner", "distance from fp32 in std over seeds, mean", "max")
    figure, axes = plt.subplots(1, len(CURVES), figsize=(13, 3.8), constrained_layout=True)
    steps = np.arange(POINT, updates + 1, POINT)
    for axis, (tag, title) in zip(axes, CURVES.items(), strict=True):
        spread = np.array([found[tag] for found in seeds])
        axis.fill_between(steps, spread.min(axis=0), spread.max(axis=0), color="0.85", label=f"fp32, {number_of_seeds} seeds")
        for (name, found), style in zip(same_data.items(), ("-", "--", ":", "-."), strict=False):
            axis.plot(steps, found[tag], style, label=name)
            distance = np.abs(np.array(found[tag]) - same_data["fp32"][tag]) / spread.std(axis=0, ddof=1)
            table.add_row(title, name, f"{distance.mean():.2f}", f"{distance.max():.2f}")
        axis.set(title=title, xlabel="updates")
    axes[0].set_yscale("log")
    axes[0].legend(fontsize=8)
    arguments.figure.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.figure, dpi=110)
    console = Console()
    console.print(table)
    if quick:
        console.print(f"{NOTE}; nothing was compiled")


if __name__ == "__main__":
    main()
