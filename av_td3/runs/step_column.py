"""Chooses the column of a table that counts the steps."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# The names of Stable-Baselines3, RLlib, Spinning Up, rlkit, DrQ-v2, DreamerV3, Lightning, Weights & Biases and many scripts,
# in lower case and without their groups. Environment steps come before the steps of a logger, these before updates, episodes
# and epochs.
STEP_NAMES = (
    *("total_timesteps", "timesteps_total", "num_env_steps_sampled_lifetime", "num_env_steps_sampled", "total_env_interacts"),
    *("total_env_steps", "env_steps", "env_step", "environment_steps", "environment_step", "num_env_steps", "num_steps_total"),
    *("total_num_steps", "total_steps", "num_steps", "num_timesteps", "timesteps", "timestep", "time_steps", "time_step"),
    *("frames", "frame", "total_frames", "num_frames", "agent_timesteps_total", "num_agent_steps_sampled", "interactions"),
    *("global_step", "step", "steps", "train_step", "train_steps", "training_step", "training_steps"),
    *("n_updates", "num_updates", "updates", "update", "gradient_steps", "grad_steps", "learning_steps"),
    *("training_iteration", "iterations", "iteration", "num_iterations", "iters", "iter", "itr"),
    *("episodes_total", "total_episodes", "num_episodes", "n_episodes", "episodes", "episode", "episode_number"),
    *("epochs", "epoch", "num_epochs"),
)
MAX_STEP = 2.0**53  # above, float64 does not represent every integer
MIN_FILLED = 0.5  # of the rows have a step
MAX_FALLING = 0.1  # of the rows are behind the one before

_RANKS = {name: rank for rank, name in enumerate(STEP_NAMES)}


def step_names(columns: Iterable[str]) -> list[str]:
    """The columns that are named like a count of steps, best first."""
    ranked = [(_RANKS.get(_plain(column)), column) for column in columns]
    return [column for _, column in sorted((rank, column) for rank, column in ranked if rank is not None)]


def counted_steps(rows: NDArray[np.int64], values: NDArray[np.float64], count: int) -> NDArray[np.int64] | None:
    """The step of each row, if a column counts steps: integers that hardly ever decrease.

    Args:
        rows: int64 (n,), the rows in which the column has a value, ascending.
        values: float64 (n,), the values of the column.
        count: number of rows of the table.

    Returns:
        int64 (count,), where rows without a value have that of the row before; None if it is no count of steps.

    """
    valid = np.isfinite(values) & (np.abs(values) < MAX_STEP)
    rows, values = rows[valid], values[valid]
    if len(values) < max(MIN_FILLED * count, 1) or np.any(values != np.rint(values)):
        return None
    changes = np.diff(values)
    if count > 1 and (np.sum(changes < 0) > MAX_FALLING * len(values) or not np.any(changes > 0)):
        return None
    latest = np.clip(np.searchsorted(rows, np.arange(count), side="right") - 1, 0, None)
    return values[latest].astype(np.int64)


def _plain(column: str) -> str:
    """``time/total_timesteps`` is ``total_timesteps``, ``TotalEnvInteracts`` is ``total_env_interacts``."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column.rpartition("/")[2])
    return "_".join(re.findall(r"[a-z0-9]+", name.lower()))
