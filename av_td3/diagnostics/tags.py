"""Maps the tags of other programs to ours, so that the tools read their logs as well."""

from typing import NamedTuple

import numpy as np

from av_td3 import metrics
from av_td3.runs.scalars import Scalars, Series


class Alias(NamedTuple):
    """A tag of another program; its values times ``factor`` are those of our tag."""

    tag: str
    factor: float = 1.0


# Our tags, and those of Stable-Baselines3, CleanRL, DrQ-v2 and several TD3 drivers. The first that was logged is used.
ALIASES: dict[str, tuple[Alias, ...]] = {
    metrics.ACTOR_LOSS: (Alias("losses/actor_loss"), Alias("loss/actor"), Alias("actor_loss")),
    metrics.CRITIC_LOSS: (
        Alias("losses/qf_loss", 2.0),  # CleanRL halves it
        Alias("loss/critic"),
        Alias("critic_loss"),
    ),
    metrics.Q1_VALUE: (Alias("losses/qf1_values"), Alias("train/critic_q1"), Alias("debug/q1_mean")),
    metrics.Q2_VALUE: (Alias("losses/qf2_values"), Alias("train/critic_q2"), Alias("debug/q2_mean")),
    metrics.UPDATES: (Alias("train/n_updates"), Alias("agent/total_iterations")),
    metrics.EPISODE_LENGTH: (Alias("train/episode_length"), Alias("charts/episodic_length"), Alias("rollout/ep_len_mean")),
    metrics.EPISODE_REWARD: (Alias("train/episode_reward"), Alias("charts/episodic_return"), Alias("rollout/ep_rew_mean")),
    metrics.EPISODE_COLLISIONS: (Alias("train/collisions_per_episode"),),
    metrics.EPISODE_LANE_INVASIONS: (Alias("train/lane_invasions_per_episode"),),
    metrics.EVAL_REWARD: (Alias("eval/mean_reward"), Alias("eval/episode_reward")),
    metrics.EVAL_LENGTH: (Alias("eval/avg_episode_length"), Alias("eval/mean_ep_length")),
    metrics.EVAL_SUCCESS: (Alias("eval/success_rate"),),
    metrics.EVAL_COLLISIONS: (Alias("eval/avg_collisions"),),
    metrics.EVAL_LANE_INVASIONS: (Alias("eval/avg_lane_invasions"),),
    metrics.TARGET_Q_MEAN: (Alias("train/critic_target_q"),),
    metrics.TD_ERROR: (Alias("debug/td_error_q1"),),
    metrics.ENV_STEPS_PER_S: (Alias("time/fps"), Alias("charts/SPS")),
    **{metrics.grad_norm(module, "AFTER"): (Alias(metrics.module_norm(module)),) for module in metrics.MODULES},
}
MAX_STEPS = 2.0**53  # above, float64 does not represent every integer
PERCENTAGE_PREFIX, PERCENTAGE_SUFFIX = "rewards/", "_percentage"


def resolve_aliases(scalars: Scalars) -> Scalars:
    """The scalars, with a copy under our tag for every known tag of another program. Our own tags are kept."""
    ours = dict(scalars)
    for tag, aliases in ALIASES.items():
        known = next((alias for alias in aliases if alias.tag in scalars), None)
        if tag not in scalars and known is not None:
            series = scalars[known.tag]
            ours[tag] = Series(series.steps, series.values * known.factor)
    for tag, series in scalars.items():
        if tag.startswith(PERCENTAGE_PREFIX) and tag.endswith(PERCENTAGE_SUFFIX):
            term = tag.removeprefix(PERCENTAGE_PREFIX).removesuffix(PERCENTAGE_SUFFIX)
            ours.setdefault(metrics.reward_share(term), Series(series.steps, series.values / 100.0))
    return _on_environment_steps(ours)


def _on_environment_steps(scalars: Scalars) -> Scalars:
    """If episodes were logged by their number, move them to the environment steps at which they ended."""
    lengths = scalars.get(metrics.EPISODE_LENGTH)
    if lengths is None or len(lengths.steps) < 2 or not np.all(np.diff(lengths.steps) == 1):
        return scalars
    steps = np.cumsum(lengths.values)
    if not np.all((steps >= 0.0) & (steps < MAX_STEPS)) or steps[-1] <= lengths.steps[-1]:  # not lengths
        return scalars
    ends = steps.astype(np.int64)
    first, last = int(lengths.steps[0]), int(lengths.steps[-1])

    def moved(tag: str, series: Series) -> Series:
        by_episode = (
            tag.startswith((metrics.EPISODE, metrics.REWARD)) and series.steps.min() >= first and series.steps.max() <= last
        )
        return Series(ends[series.steps - first], series.values) if by_episode else series

    return {tag: moved(tag, series) for tag, series in scalars.items()}
