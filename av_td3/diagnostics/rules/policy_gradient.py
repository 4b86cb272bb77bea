"""Rules on PPO, A2C and the temperature of SAC."""

from collections.abc import Iterator

import numpy as np

from av_td3.diagnostics import quantities as q
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.growth import growth_of
from av_td3.diagnostics.phases import early, finite, late
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.returns import Trend, return_trend, trend_or_none

LARGE_KL = 0.1  # per update; 0.01 to 0.05 is usual
EXPLODED_KL = 1.0
LARGE_CLIP_FRACTION = 0.4  # of the ratios; 0.1 to 0.3 is usual
TEMPERATURE_GROWN, TEMPERATURE_EXPLODED = 10.0, 1e3  # over its own past
NOTHING = 1e-4  # of its own past
NARROW, WIDE = 0.01, 10.0  # standard deviation or entropy over its first value
MOSTLY_RANDOM = 0.5  # epsilon at the end
UNSUCCESSFUL = (Trend.FLAT, Trend.FALLS, Trend.COLLAPSE, Trend.IDENTICAL)


def temperature_divergence(run: RecordedRun) -> Iterator[Finding]:
    """The entropy temperature of SAC (Haarnoja et al. 2018, arXiv:1812.05905, section 5) grows: the target cannot be met."""
    series = run.series(q.TEMPERATURE)
    growth = growth_of(series)
    if growth is None or growth.last < TEMPERATURE_GROWN * max(growth.first, abs(float(finite(series.values)[0]))):
        return
    if growth.ratio < TEMPERATURE_EXPLODED and trend_or_none(run) in (Trend.RISES, Trend.PLATEAU, Trend.SOLVED):
        return  # the optimum has moved, and the agent with it
    yield Finding(
        "temperature_divergence",
        Severity.CRITICAL if growth.ratio >= TEMPERATURE_EXPLODED else Severity.WARNING,
        f"{run.tag_of(q.TEMPERATURE)} grew {growth.ratio:.2g}-fold: {growth.first:.3g} in the first quarter, "
        f"{growth.last:.3g} at the end",
        "The policy cannot reach the target entropy, so its weight grows without end, and Q and its loss with it. Use "
        f"{run.name_of('temperature')}. Rewards and learning rates come after that.",
    )


def temperature_vanished(run: RecordedRun) -> Iterator[Finding]:
    """The temperature falls to nothing while nothing is learned: no exploration is left."""
    values = run.numbers(q.TEMPERATURE)
    if not late(values) < NOTHING * early(values) or return_trend(run).trend not in UNSUCCESSFUL:
        return
    yield Finding(
        "temperature_vanished",
        Severity.WARNING,
        f"{run.tag_of(q.TEMPERATURE)} fell from {early(values):.3g} to {late(values):.3g}, and the return does not rise",
        f"Without an entropy bonus the policy stops exploring. Use {run.name_of('temperature')}.",
    )


def large_policy_steps(run: RecordedRun) -> Iterator[Finding]:
    """The policy moves too far in an update for PPO's surrogate to hold (Schulman et al. 2017, arXiv:1707.06347)."""
    kl = late(run.values(q.APPROX_KL)) if run.has(q.APPROX_KL) else float("nan")
    clipped = late(run.values(q.CLIP_FRACTION)) if run.has(q.CLIP_FRACTION) else float("nan")
    if not run.has(q.APPROX_KL) and not run.has(q.CLIP_FRACTION):
        raise NotLogged(f"{q.APPROX_KL} or {q.CLIP_FRACTION}")
    if not (kl > LARGE_KL or clipped > LARGE_CLIP_FRACTION):
        return
    failed = trend_or_none(run) in UNSUCCESSFUL
    parts = []
    if run.has(q.APPROX_KL):
        parts.append(f"{run.tag_of(q.APPROX_KL)} {kl:.3g} in the last quarter, up to {np.max(run.numbers(q.APPROX_KL)):.3g}")
    if run.has(q.CLIP_FRACTION):
        parts.append(f"{clipped:.0%} of the ratios clipped")
    if failed:
        parts.append("the return does not rise")
    yield Finding(
        "large_policy_steps",
        Severity.CRITICAL if kl > EXPLODED_KL and failed else Severity.WARNING,
        ", ".join(parts),
        f"Each update throws away much of the last policy. Lower {run.name_of('policy_step')}.",
    )


def value_explains_nothing(run: RecordedRun) -> Iterator[Finding]:
    """The state value predicts the returns no better than a constant, so the advantages are noise."""
    values = run.numbers(q.EXPLAINED_VARIANCE)
    if not late(values) <= 0.0 or trend_or_none(run) not in (*UNSUCCESSFUL, None):
        return
    yield Finding(
        "value_explains_nothing",
        Severity.WARNING,
        f"{run.tag_of(q.EXPLAINED_VARIANCE)} {late(values):.3g} in the last quarter ({early(values):.3g} in the first), and "
        "the return does not rise",
        f"Change {run.name_of('value_lr')}, and {run.name_of('scale_rewards')}; check that the state holds what the return "
        "depends on.",
    )


def entropy_collapse(run: RecordedRun) -> Iterator[Finding]:
    """The policy has become deterministic while nothing is learned."""
    tag = q.STD if run.has(q.STD) else q.ENTROPY
    values = np.abs(run.numbers(tag))
    crosses_zero = tag == q.ENTROPY and np.min(run.numbers(tag)) < 0.0 < np.max(run.numbers(tag))  # a differential entropy
    first = float(np.max(finite(values)[: max(1, len(values) // 4)]))
    if crosses_zero or not late(values) < NARROW * first or trend_or_none(run) not in UNSUCCESSFUL:
        return
    yield Finding(
        "entropy_collapse",
        Severity.WARNING,
        f"|{run.tag_of(tag)}| fell from {first:.3g} to {late(values):.3g}, and the return does not rise",
        f"The policy stopped exploring before it had learned: raise {run.name_of('entropy_bonus')}, or lower "
        f"{run.name_of('lr')}.",
    )


def wide_policy(run: RecordedRun) -> Iterator[Finding]:
    """The standard deviation of a Gaussian policy grows without end: the entropy bonus outweighs the rewards."""
    values = run.numbers(q.STD)
    if not late(values) > WIDE * abs(float(values[0])):
        return
    yield Finding(
        "wide_policy",
        Severity.WARNING,
        f"{run.tag_of(q.STD)} grew from {values[0]:.3g} to {late(values):.3g}: nearly every action is at a bound",
        f"Lower {run.name_of('entropy_bonus')}, or bound the actions by a tanh.",
    )


def still_random(run: RecordedRun) -> Iterator[Finding]:
    """Most actions are still random at the end."""
    values = run.numbers(q.EPSILON)
    if not late(values) > MOSTLY_RANDOM:
        return
    yield Finding(
        "still_random",
        Severity.INFO,
        f"{run.tag_of(q.EPSILON)} is {late(values):.2g} at the end",
        "The training return is that of mostly random actions: evaluate without them, or let epsilon fall sooner.",
    )
