"""Rules on the critic."""

from collections.abc import Iterator

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.phases import Values, early, finite, last_quarter, late
from av_td3.diagnostics.policy_episodes import policy_episodes
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.thresholds import threshold_of

OVERESTIMATION = 3.0  # times the 95th percentile of the episode rewards
MIN_POINTS = 10
SMALL_ACTOR_LOSS = 100.0  # |actor loss| below which growth is ignored
LOSS_GROWTH, SMALL_LOSS = 10.0, 10.0  # last quarter over first; critic loss below which growth is ignored


def q_divergence(run: RecordedRun) -> Iterator[Finding]:
    """Q diverges from the returns. Overestimation reinforces itself through the maximisation (Fujimoto et al. 2018)."""
    q = run.series(metrics.Q1_VALUE)
    limit = threshold_of(run, "gate.max_q")
    magnitude = np.abs(q.values)
    recommendation = (
        "Lower algorithm.critic_lr and algorithm.tau, check that rewards are clipped (reward.clip) and that time limits are "
        "truncations, not terminations; algorithm.reward_normalization=true brings Q to the size of 1."
    )
    for name, tag in (("Q1", metrics.Q1_VALUE), ("Q2", metrics.Q2_VALUE)):
        series = run.series(tag) if run.has(tag) else q
        sizes = np.abs(series.values)
        if np.any(sizes > limit):
            first = series.steps[sizes > limit][0]
            evidence = f"|{name}| above {limit:g} from step {first} on, at most {np.nanmax(sizes):.4g}, last {sizes[-1]:.4g}"
            yield Finding("q_divergence", Severity.CRITICAL, evidence, recommendation)
            return
    policys = np.abs(run.values(metrics.ACTOR_Q_MEAN, metrics.ACTOR_LOSS))
    ratio = threshold_of(run, "gate.max_disagreement")
    if late(policys) > ratio * max(1.0, late(magnitude)) and _actions_still_learn(run):
        evidence = f"Q of the policy's actions {late(policys):.4g}, of the replayed ones {late(magnitude):.4g} (last quarter)"
        yield Finding("q_divergence", Severity.CRITICAL, evidence, "Q is wrong for the policy's actions: " + recommendation)
        return
    if run.setting_or("algorithm.reward_normalization", False):
        return  # Q and returns are in different units
    rewards = finite(policy_episodes(run, metrics.EPISODE_REWARD).values)
    if not len(rewards):
        raise NotLogged(metrics.EPISODE_REWARD)
    best = float(np.percentile(rewards, 95))
    if late(q.values) > OVERESTIMATION * max(best, 1.0):
        evidence = f"mean Q {late(q.values):.4g} in the last quarter; 95 % of the episodes have a reward below {best:.4g}"
        yield Finding("q_divergence", Severity.WARNING, "overestimation: " + evidence, recommendation)


def _actions_still_learn(run: RecordedRun) -> bool:
    try:
        norms = run.values(metrics.grad_norm(metrics.ACTOR_MLP, "BEFORE"), metrics.grad_norm(metrics.ACTOR_MLP, "AFTER"))
    except NotLogged:
        return False
    return bool(np.mean(last_quarter(norms) == 0.0) < metrics.DEAD_SHARE)


def critic_divergence(run: RecordedRun) -> Iterator[Finding]:
    """The critic's loss is large, or grows."""
    loss = run.series(metrics.CRITIC_LOSS)
    limit = threshold_of(run, "gate.max_critic_loss")
    mean = float(np.mean(finite(loss.values))) if len(finite(loss.values)) else 0.0
    first, last = early(loss.values), late(loss.values)
    grows = last > LOSS_GROWTH * max(first, 1e-9) and last > SMALL_LOSS
    if not (mean > limit or grows):
        return
    worst = int(np.nanargmax(loss.values))
    evidence = (
        f"critic loss {mean:.4g} on average (limit {limit:g}); {first:.4g} in the first quarter, {last:.4g} in the last; "
        f"worst {loss.values[worst]:.4g} at step {loss.steps[worst]}"
    )
    yield Finding(
        "critic_divergence",
        Severity.CRITICAL if mean > limit else Severity.WARNING,
        evidence,
        "Large rewards cause large squared errors: check reward/* first, and lower reward.clip or use "
        "algorithm.reward_normalization=true. Then lower algorithm.critic_lr and critic_cnn_lr. If it grows with the actor's "
        "loss, it is an effect of that.",
    )


def twin_divergence(run: RecordedRun) -> Iterator[Finding]:
    """The two Q functions drift apart, so their minimum is no longer a small correction (Fujimoto et al. 2018, section 4)."""
    if run.setting_or("algorithm.critics", 2) == 1:
        return
    limit = threshold_of(run, "gate.max_twin_gap")
    try:
        gap, at_least = run.series(metrics.Q1_Q2_DIFF), ""
        values, steps = gap.values, gap.steps
    except NotLogged:
        first, second = run.series(metrics.Q1_VALUE), run.series(metrics.Q2_VALUE)
        count = min(len(first.values), len(second.values))
        # |mean Q1 - mean Q2| is a lower bound of mean |Q1 - Q2|, so it can prove a problem, but not its absence
        values, steps, at_least = np.abs(first.values[:count] - second.values[:count]), first.steps[:count], "at least "
    if not np.any(values > limit):
        return
    worst = int(np.nanargmax(values))
    evidence = (
        f"mean |Q1 - Q2| {at_least}{values[worst]:.4g} at step {steps[worst]} (limit {limit:g}), above the limit in "
        f"{np.count_nonzero(values > limit)} of {len(values)} points"
    )
    yield Finding(
        "twin_divergence",
        Severity.CRITICAL,
        evidence,
        "The critics disagree about the data they are trained on: lower algorithm.critic_lr, or collect more before learning "
        "(algorithm.learning_starts). If there is also critic_divergence or feature_exploitation, fix that first.",
    )


def actor_divergence(run: RecordedRun) -> Iterator[Finding]:
    """The actor's loss is out of any range that the rewards allow, or grows without end."""
    loss = run.series(metrics.ACTOR_LOSS)
    limit, most = threshold_of(run, "gate.max_actor_loss"), threshold_of(run, "gate.max_actor_loss_growth")
    growth, large = loss_growth(loss.values), np.abs(loss.values) > limit
    if not len(finite(loss.values)) or not (np.any(large) or grows_too_much(loss.values, most)):
        return
    worst = int(np.nanargmax(np.abs(loss.values)))
    where = f", above {limit:g} from step {loss.steps[large][0]} on" if np.any(large) else ""
    yield Finding(
        "actor_divergence",
        Severity.CRITICAL,
        f"actor loss from {loss.values[0]:.4g} to {loss.values[-1]:.4g}, at most |{loss.values[worst]:.4g}| at step "
        f"{loss.steps[worst]}{where}; the last tenth is {growth:.3g} times the median",
        "The actor's loss is minus Q: see q_divergence and feature_exploitation for why Q grows. If there is neither, lower "
        "algorithm.actor_lr.",
    )


def loss_growth(values: Values) -> float:
    """The last tenth of |loss| over its median."""
    return _last_tenth(values) / max(float(np.median(np.abs(values))), 1e-9)


def grows_too_much(values: Values, most: float) -> bool:
    """Whether the growth of at least MIN_POINTS losses is above a limit, or unknown, and the loss is not small."""
    return len(values) >= MIN_POINTS and not loss_growth(values) <= most and not _last_tenth(values) <= SMALL_ACTOR_LOSS


def _last_tenth(values: Values) -> float:
    return float(np.median(np.abs(values[-max(1, len(values) // 10) :])))
