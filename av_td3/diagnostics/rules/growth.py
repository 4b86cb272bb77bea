"""Rules on losses and Q of other programs, whose rewards are in unknown units: everything is relative.

A loss is held against its own past, Q against what the observed rewards allow, an error against Q.
"""

import math
from collections.abc import Iterator

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics import quantities
from av_td3.diagnostics.algorithm import Algorithm
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.growth import Growth, growth_of, typical
from av_td3.diagnostics.numbers import short
from av_td3.diagnostics.phases import Values, early, finite, late
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.returns import Trend, return_trend, trend_or_none
from av_td3.diagnostics.reward_scale import discount_of, horizon_of, q_scale, reward_per_step
from av_td3.diagnostics.tag_words import is_a_loss
from av_td3.runs.scalars import Series

GROWN = 100.0  # times its own past, from which on growth counts as divergence
MAX_OVER_REWARDS = 3.0  # Q over what the rewards allow at the usual discount; 0.997 would allow as much
FAR_OVER_REWARDS = 10.0
SHRUNK = 0.5  # of its own past, below which Q is on its way back
ERROR_OVER_REWARDS = 10.0  # root of the loss over what the rewards are worth, from which on no growth is needed
FAR_APART = 10.0  # Q of the policy's actions over that of the replayed ones
MIN_UNDER_REWARDS = 0.1  # Q over what the rest of an episode is worth
ABOUT = 3.0  # times one step's reward
MIN_STEPS = 10.0  # of an episode, from which on one step's reward is not all that Q is about
STILL_FALLING = 0.5  # rate of the last quarter over the mean rate
FALLEN = 5.0  # Q at the end over Q in the first quarter
APART = 0.5  # |Q1 - Q2| over |Q|
EXPLODED = 1e4  # times its own past


def q_growth(run: RecordedRun) -> Iterator[Finding]:
    """Q grows beyond what the rewards allow (Fujimoto et al. 2018), or without end."""
    series, what = _q(run)
    growth = growth_of(series)
    allowed = _allowed(run)
    size = typical(series.values[-max(1, len(series.values) // 10) :])
    recommendation = f"Lower {run.name_of('smaller_steps')}, and {run.name_of('scale_rewards')}; {run.name_of('truncation')}."
    has_length = run.has(metrics.EPISODE_LENGTH)
    if growth is not None and growth.ratio >= GROWN and growth.runaway and not size <= allowed:
        yield Finding("q_divergence", Severity.CRITICAL, f"{what} grew {_times(run, growth)}", recommendation)
    elif not has_length and size > MAX_OVER_REWARDS * horizon_of(run) * allowed:
        yield Finding(
            "q_divergence",
            Severity.CRITICAL,
            f"{what} {series.values[-1]:.4g} at the end, while no episode earned more than {allowed:.4g}",
            recommendation,
        )
    elif has_length and size > MAX_OVER_REWARDS * allowed:
        far = size > FAR_OVER_REWARDS * allowed and (growth is None or growth.ratio > SHRUNK)
        kind = "overestimation" if series.values[-1] > 0.0 else "Q out of range"
        yield Finding(
            "q_divergence",
            Severity.CRITICAL if far else Severity.WARNING,
            f"{kind}: {what} {series.values[-1]:.4g} at the end, while {reward_per_step(run):.3g} per step, the most that "
            f"episodes earned, is worth {allowed:.4g} over {horizon_of(run):.0f} steps (discount {discount_of(run):g})",
            recommendation + " A discount nearer to 1 is set with --set algorithm.discount=...",
        )
    elif not math.isfinite(allowed) and _falls_without_end(series.values):
        best = f"; even the best of a batch is {late(run.values(quantities.Q_MAX)):.3g}" if run.has(quantities.Q_MAX) else ""
        yield Finding(
            "q_divergence",
            Severity.CRITICAL,
            f"{what} falls without end: {early(series.values):.4g} in the first quarter, {late(series.values):.4g} in the last"
            f"{best}",
            "Only penalties reach the critic: no goal is ever reached, so every action looks as bad as the others. Log the "
            f"return; make success reachable (a nearer goal, {run.name_of('exploration')}), and "
            f"{run.name_of('scale_rewards')}.",
        )


def q_disagreement(run: RecordedRun) -> Iterator[Finding]:
    """Q of the policy's actions is far above Q of the replayed ones: the critic is wrong about them."""
    data = run.series(metrics.Q1_VALUE)
    policys = np.abs(run.values(metrics.ACTOR_Q_MEAN, metrics.ACTOR_LOSS))
    on_data = max(late(np.abs(data.values)), MIN_UNDER_REWARDS * typical(data.values))
    if not late(policys) > FAR_APART * on_data or not _has_grown(policys):
        return
    yield Finding(
        "q_divergence",
        Severity.CRITICAL if late(policys) > GROWN * on_data else Severity.WARNING,
        f"Q of the policy's actions {late(policys):.4g}, of the replayed ones {late(np.abs(data.values)):.4g} (last quarter)",
        f"Q is wrong for the policy's actions. Lower {run.name_of('actor_lr')} and {run.name_of('critic_lr')}.",
    )


def _has_grown(policys: Values) -> bool:
    growth = growth_of(Series(np.arange(len(policys)), policys))
    return growth is None or growth.ratio > 2.0


def values_too_small(run: RecordedRun) -> Iterator[Finding]:
    """Q is about one step's reward although many steps follow, and the return is flat: the target sees no future."""
    series, what = _q(run)
    length = late(run.numbers(metrics.EPISODE_LENGTH))
    trend = return_trend(run).trend
    if length < MIN_STEPS or trend not in (Trend.FLAT, Trend.PLATEAU, Trend.IDENTICAL):
        return
    per_step = late(np.abs(run.values(metrics.EPISODE_REWARD))) / length
    worth, size = per_step * min(length / 2.0, horizon_of(run)), late(np.abs(series.values))
    if not size < MIN_UNDER_REWARDS * worth:
        return
    if trend is Trend.PLATEAU and not 1.0 / ABOUT < size / max(per_step, 1e-300) < ABOUT:
        return  # it has learned something, so its rewards are in another unit than the log's
    yield Finding(
        "values_too_small",
        Severity.WARNING,
        f"{what} {size:.3g} in the last quarter, about one step's reward ({per_step:.3g}), although episodes have "
        f"{length:.0f} steps, which are worth about {worth:.3g}; the return is flat",
        f"Check that the target bootstraps: {run.name_of('discount')}, a done that is set in every step, a target network that "
        "never follows. It may also be that rewards are normalised before they are learned from.",
    )


def critic_growth(run: RecordedRun) -> Iterator[Finding]:
    """The loss of Q or of the state value grows over its own past by more than the rewards explain."""
    tag = metrics.CRITIC_LOSS if run.has(metrics.CRITIC_LOSS) else quantities.VALUE_LOSS
    series = run.series(tag)
    growth = growth_of(series)
    if growth is None:
        return
    allowed = _allowed(run)
    grows = growth.ratio >= GROWN and growth.runaway
    if grows and math.sqrt(growth.last) <= allowed and trend_or_none(run) not in (Trend.COLLAPSE, Trend.FALLS, Trend.DECLINES):
        return  # an error smaller than Q itself: rewards have come up
    if not grows and not math.sqrt(growth.last) > ERROR_OVER_REWARDS * allowed:
        return
    how = f"grew {_times(run, growth)}" if grows else f"is {growth.last:.4g} at the end"
    yield Finding(
        "critic_divergence",
        Severity.CRITICAL,
        f"{run.tag_of(tag)} {how}{_against_q(run, growth)}",
        f"Lower {run.name_of('critic_lr' if tag == metrics.CRITIC_LOSS else 'value_lr')}, and {run.name_of('scale_rewards')}; "
        "clip the gradient norm. If Q or the temperature grows as well, that comes first.",
    )


def twin_gap(run: RecordedRun) -> Iterator[Finding]:
    """The two Q functions differ by as much as Q itself (Fujimoto et al. 2018, section 4)."""
    if run.has(metrics.Q1_Q2_DIFF):
        gap = late(np.abs(run.values(metrics.Q1_Q2_DIFF)))
    else:
        first, second = run.values(metrics.Q1_VALUE), run.values(metrics.Q2_VALUE)
        count = min(len(first), len(second))
        gap = late(np.abs(first[:count] - second[:count]))
    size = typical(run.values(metrics.Q1_VALUE))
    if not gap > APART * size:
        return
    yield Finding(
        "twin_divergence",
        Severity.CRITICAL if gap > 2.0 * size else Severity.WARNING,
        f"mean |Q1 - Q2| {gap:.4g} in the last quarter, while |Q1| is {size:.4g}",
        f"The critics disagree about the data they are trained on: lower {run.name_of('critic_lr')}, or collect more before "
        f"learning ({run.name_of('learning_starts')}).",
    )


def gradient_growth(run: RecordedRun, network: str) -> Iterator[Finding]:
    """The gradient norm of a network grows over its own past by orders of magnitude, before the clip if that was logged."""
    names = (network, metrics.cnn(network))
    series = run.series(*(metrics.grad_norm(name, when) for when in metrics.WHEN for name in names))
    growth = growth_of(series)
    if growth is None or not (growth.ratio >= EXPLODED and growth.runaway):
        return
    yield Finding(
        "gradient_explosion",
        Severity.CRITICAL,
        f"{network} gradient norm grew {_times(run, growth)}",
        "This is a symptom that clipping hides and does not fix: see what grew before it.",
    )


def runaway(run: RecordedRun) -> Iterator[Finding]:
    """Any other loss, error, Q or norm that grows over its own past by orders of magnitude."""
    judged = {run.tag_of(name) for name in (*_JUDGED[run.algorithm.learns_q], *metrics.GRAD_NORMS)}
    judged |= {run.tag_of(metrics.peak(name)) for name in metrics.GRAD_NORMS}
    others = {tag: series for tag, series in run.logged.items() if tag not in judged and is_a_loss(tag)}
    if not others:
        raise NotLogged("another loss, error or norm")
    for tag, series in others.items():
        growth = growth_of(series)
        if growth is not None and growth.ratio >= EXPLODED and growth.runaway:
            yield Finding(
                "runaway",
                Severity.WARNING if trend_or_none(run) in (Trend.RISES, Trend.SOLVED) else Severity.CRITICAL,
                f"{tag} grew {_times(run, growth)}",
                f"Lower {run.name_of('lr')}, {run.name_of('scale_rewards')}, and clip the gradient norm.",
            )
            return


# By whether the critic is Q: what rules of their own look at.
_JUDGED = {
    True: (metrics.CRITIC_LOSS, metrics.ACTOR_LOSS, *metrics.Q_VALUES, metrics.ACTOR_Q_MEAN, quantities.TEMPERATURE),
    False: (metrics.CRITIC_LOSS, quantities.VALUE_LOSS, quantities.APPROX_KL),
}


# -- what the rules share ----------------------------------------------------------------------------------------------


def _q(run: RecordedRun) -> tuple[Series, str]:
    """Q and its name: of the replayed actions, else minus the loss of an actor that maximises Q. Raises NotLogged."""
    for tag in (metrics.Q1_VALUE, metrics.ACTOR_Q_MEAN, metrics.TARGET_Q_MEAN):
        if run.has(tag):
            return run.series(tag), f"Q ({run.tag_of(tag)})"
    if run.algorithm not in (Algorithm.TD3, Algorithm.SAC):
        raise NotLogged(metrics.Q1_VALUE)
    loss = run.series(metrics.ACTOR_LOSS)
    kind = "Q and entropy bonus" if run.algorithm is Algorithm.SAC else "Q"
    return Series(loss.steps, -loss.values), f"{kind} of the policy (minus {run.tag_of(metrics.ACTOR_LOSS)})"


def _allowed(run: RecordedRun) -> float:
    """The largest |Q| that the rewards allow; NaN if they were not logged, or none was ever seen."""
    try:
        return q_scale(run) or math.nan
    except NotLogged:
        return math.nan


def _falls_without_end(values: Values) -> bool:
    """Whether a negative Q keeps falling at the end, at half of its mean rate or more."""
    numbers = finite(values)
    if len(numbers) < 4 * MIN_STEPS:
        return False
    quarter = len(numbers) // 4
    mean_slope = (np.median(numbers[-quarter:]) - np.median(numbers[:quarter])) / (len(numbers) - quarter)
    recent = numbers[-quarter:]
    slope = (np.median(recent[-quarter // 2 :]) - np.median(recent[: quarter // 2])) / (quarter / 2.0)
    deep = late(numbers) < FALLEN * min(early(numbers), 0.0)
    return bool(deep and mean_slope < 0.0 and slope <= STILL_FALLING * mean_slope)


def _times(run: RecordedRun, growth: Growth) -> str:
    since = f"; ten times as large as at first from {run.at(growth.since)} on" if growth.since is not None else ""
    sizes = f"{short(growth.first)} in the first quarter, {short(growth.last)} at the end"
    return f"{short(growth.ratio)}-fold in size: {sizes}{since}"


def _against_q(run: RecordedRun, growth: Growth) -> str:
    allowed = _allowed(run)
    if not math.isfinite(allowed):
        return ""
    error = math.sqrt(growth.last)
    return f"; that is an error of about {short(error)} in a value that the rewards limit to {short(allowed)}"
