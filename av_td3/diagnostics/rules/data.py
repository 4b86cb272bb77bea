"""Rules on data: rewards, episodes and amount of data."""

from collections.abc import Iterator

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.phases import early, late
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.thresholds import threshold_of

MIN_POINTS = 10
LARGE_BATCH = 0.2  # share of the replay in one batch when learning starts
DOMINANT = 0.8  # share of a reward term in the total absolute reward
COLLAPSED = 0.5  # episode length at the end over that at the start


def non_finite(run: RecordedRun) -> Iterator[Finding]:
    """NaN or infinity. One step with such a gradient makes every weight NaN."""
    for tag, series in sorted(run.scalars.items(), key=lambda item: item[1].steps[0]):
        wrong = ~np.isfinite(series.values)
        if np.any(wrong):
            evidence = f"{tag} is {series.values[wrong][0]} at step {series.steps[wrong][0]}"
            break
    else:
        alerts = metrics.alert(metrics.ALERT_NON_FINITE)
        counts = run.series(alerts) if run.has(alerts) else None
        if counts is None or not np.any(counts.values > 0.0):
            return
        first = counts.steps[counts.values > 0.0][0]
        evidence = f"{np.sum(counts.values):.0f} updates had a non-finite gradient, the first by step {first}"
    yield Finding(
        "non_finite",
        Severity.CRITICAL,
        evidence,
        "Find out what grew just before; see q_divergence and gradient_explosion. hardware.precision=fp32 rules out overflow. "
        "Skip the step if a norm is non-finite, or it spreads to all weights.",
    )


def too_little_data(run: RecordedRun) -> Iterator[Finding]:
    """Too few updates or points for the other rules."""
    try:
        points = len(run.values(metrics.CRITIC_LOSS, metrics.ACTOR_LOSS))
    except NotLogged:
        points = 0
    least = threshold_of(run, "gate.min_updates")
    try:
        updates = run.updates
    except NotLogged:
        updates = None
    if points >= MIN_POINTS and (updates is None or updates >= least):
        return
    starts, total = run.setting_or("algorithm.learning_starts", None), run.setting_or("total_steps", None)
    if points == 0 and starts is not None and total is not None and total <= starts:
        evidence = f"no update: learning starts after {starts} steps (algorithm.learning_starts), and the run has {total}"
        recommendation = f"total_steps={2 * starts} or more, or a smaller algorithm.learning_starts."
    else:
        evidence, recommendation = (
            ", ".join(_what_is_missing(updates, least, points)),
            ("Raise total_steps, or log more often (logging.every_updates). The other findings may change."),
        )
    yield Finding("too_little_data", Severity.WARNING, evidence, recommendation)


def _what_is_missing(updates: int | None, least: float, points: int) -> Iterator[str]:
    if updates is None:
        yield f"an unknown number of updates (at least {least:g} needed)"
    elif updates < least:
        yield f"{updates} updates (at least {least:g} needed)"
    if points < MIN_POINTS:
        yield f"{points} points of losses (at least {MIN_POINTS} needed)"


def early_learning(run: RecordedRun) -> Iterator[Finding]:
    """Learning started when a batch was a large share of all data: the critic overfits before it has seen the task."""
    batch, starts = run.setting("algorithm.batch_size"), run.setting_or("algorithm.learning_starts", None)
    stored = run.learning_from if starts is None else int(starts)
    share = batch / max(1, stored)
    if share <= LARGE_BATCH:
        return
    later = 10 * batch
    total = run.setting_or("total_steps", None)
    fits = total is None or later < total
    yield Finding(
        "early_learning",
        Severity.WARNING,
        f"a batch of {batch} was {share:.0%} of the {stored} steps collected when learning started",
        f"algorithm.learning_starts={later} or a smaller algorithm.batch_size."
        if fits
        else f"A smaller algorithm.batch_size, or a longer run with algorithm.learning_starts={later}.",
    )


def reward_dominance(run: RecordedRun) -> Iterator[Finding]:
    """One reward term outweighs all others, so the agent optimises it alone."""
    shares = {tag: late(series.values) for tag, series in run.scalars.items() if tag.startswith(metrics.REWARD_SHARE)}
    if not shares:
        raise NotLogged(f"{metrics.REWARD_SHARE}*")
    tag = max(shares, key=lambda name: shares[name])
    if not shares[tag] > DOMINANT:
        return
    term = tag.removeprefix(metrics.REWARD_SHARE)
    yield Finding(
        "reward_dominance",
        Severity.WARNING,
        f"{term} is {shares[tag]:.0%} of the total absolute reward (median of the last quarter of the episodes)",
        f"Lower reward.weights.{term} or raise the others, until no term has more than {DOMINANT:.0%}.",
    )


def episode_collapse(run: RecordedRun) -> Iterator[Finding]:
    """Episodes become shorter and their reward lower: the policy is worse than random."""
    lengths = run.series(metrics.EPISODE_LENGTH)
    before = lengths.steps < run.learning_from
    learned = lengths.values[~before]
    if len(learned) < 4:
        return
    at_first = max(float(np.median(lengths.values[before])) if np.count_nonzero(before) >= 3 else 0.0, early(learned))
    last = late(learned)
    if not last < COLLAPSED * at_first or not _earns_less(run):
        return
    yield Finding(
        "episode_collapse",
        Severity.WARNING,
        f"episodes shrank from {at_first:g} to {last:g} steps (medians before and at the end of learning)",
        "This is a symptom: the policy fails immediately, usually with a constant action. See the critical findings; if there "
        "are none, check how episodes end (episodes.csv) and whether reward terms favour an early end.",
    )


def _earns_less(run: RecordedRun) -> bool:
    try:
        rewards = run.values(metrics.EPISODE_REWARD)
    except NotLogged:
        return True
    return late(rewards) < early(rewards)
