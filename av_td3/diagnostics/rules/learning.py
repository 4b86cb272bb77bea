"""Rules on the return: whether the agent learns."""

from collections.abc import Iterator

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics import quantities
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.numbers import short
from av_td3.diagnostics.phases import finite, late
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.returns import MIN_POINTS, ReturnTrend, Trend, few_evaluations, return_trend

LARGE_LEARNING_RATE = 1e-2
LOST = (Trend.COLLAPSE, Trend.FALLS, Trend.DECLINES)
RARELY = 0.1  # success rate below which success is called rare
ACTIONS = "log the mean and the standard deviation of the actions: a policy at a bound always does the same"


def return_collapse(run: RecordedRun) -> Iterator[Finding]:
    """The return had risen and was lost again, or fell below that of the untrained policy."""
    trend = return_trend(run)
    if trend.trend not in LOST and (few := few_evaluations(run)) is not None:
        trend = few
    if trend.trend is Trend.COLLAPSE:
        evidence = f"{_what(run, trend)} rose to {short(trend.best)} ({run.at(trend.best_at)})"
        evidence += f" and fell to {short(trend.late)} at the end"
        advice = f"Use the checkpoint of the best return{_option(run)}, and find what changed after it: "
    elif trend.trend is Trend.FALLS:
        evidence = f"{_what(run, trend)} fell from {short(trend.early)} in the first quarter to {short(trend.late)}"
        advice = "The policy is worse than at the beginning: "
    elif trend.trend is Trend.DECLINES:
        evidence = f"{_what(run, trend)} rose to {short(trend.best)} ({run.at(trend.best_at)})"
        evidence += f" and declines since, to {short(trend.late)}"
        advice = f"Use the checkpoint of the best return{_option(run)}; the policy forgets what it had learned: "
    else:
        return
    yield Finding(
        "return_collapse",
        Severity.WARNING,
        evidence + _beside(run),
        f"{advice}{ACTIONS}; then lower {run.name_of('lr')}, and see the other findings.",
    )


def identical_returns(run: RecordedRun) -> Iterator[Finding]:
    """All episodes have the same return to six digits, so the policy does not react to what it sees."""
    trend = return_trend(run)
    if trend.trend is not Trend.IDENTICAL:
        return
    same = int(np.count_nonzero(np.abs(trend.series.values - trend.late) <= 1e-6 * abs(trend.late)))
    evidence = (
        f"{_what(run, trend)} is {trend.late:.7g} at {same} of {len(trend.series.values)} points, to six digits, from "
        f"{run.at(trend.flat_since or 0)} on{_beside(run)}"
    )
    if trend.late == 0.0:
        advice = (
            f"No episode ever sees a reward: more exploration ({run.name_of('exploration')}), or a reward for steps on the way."
        )
    else:
        advice = (
            "With different episodes this happens only if the policy is constant, usually at a bound of the actions, or "
            f"stands still. {ACTIONS[0].upper()}{ACTIONS[1:]}. More exploration ({run.name_of('exploration')}), or a reward "
            "that distinguishes between doing something and nothing."
        )
    yield Finding("identical_returns", Severity.WARNING, evidence, advice)


def large_learning_rate(run: RecordedRun) -> Iterator[Finding]:
    """A learning rate that moves every weight by a hundredth in each update of Adam, and a return that does not rise."""
    rate = late(run.numbers(quantities.LEARNING_RATE))
    if not rate >= LARGE_LEARNING_RATE or return_trend(run).trend in (Trend.RISES, Trend.SOLVED, Trend.PLATEAU):
        return
    yield Finding(
        "large_learning_rate",
        Severity.WARNING,
        f"{run.tag_of(quantities.LEARNING_RATE)} is {rate:.2g}, and the return does not rise",
        f"Lower {run.name_of('lr')}: with Adam, 1e-4 to 3e-3 is usual.",
    )


def no_learning(run: RecordedRun) -> Iterator[Finding]:
    """The return does not change beyond its noise from the start to the end."""
    trend = return_trend(run)
    if trend.trend is not Trend.FLAT or _too_short(run, trend):
        return
    yield Finding(
        "no_learning",
        Severity.WARNING,
        f"{_what(run, trend)} {short(trend.first)} at first, {short(trend.early)} in the first quarter, {short(trend.late)} in "
        f"the last (noise {short(trend.noise)}): flat from {run.at(trend.flat_since or 0)} on, {trend.flat_share:.0%} of the "
        f"run{_beside(run)}",
        "The return shows no learning. Check in this order: does the reward reach the agent, and differ between good and bad "
        f"actions; does the agent ever succeed by chance (if not, explore more: {run.name_of('exploration')}); is "
        f"{run.name_of('lr')} too large or too small; does the observation contain what the action must depend on.",
    )


def return_plateau(run: RecordedRun) -> Iterator[Finding]:
    """The return has risen and is flat for more than half of the run: converged, or stuck."""
    trend = return_trend(run)
    if trend.trend is not Trend.PLATEAU or _too_short(run, trend):
        return
    yield Finding(
        "return_plateau",
        Severity.INFO,
        f"{_what(run, trend)} is flat at {short(trend.late)} from {run.at(trend.flat_since or 0)} on, {trend.flat_share:.0%} "
        f"of the run{_beside(run)}",
        "Either this is the best that the task allows, or a local optimum; the log cannot tell. Compare it with the best "
        "known return, and repeat with another seed and more exploration.",
    )


def _too_short(run: RecordedRun, trend: ReturnTrend) -> bool:
    """Whether nothing can be expected yet: few points, or a run of ours that was hardly evaluated."""
    return len(trend.series.values) < MIN_POINTS or (bool(run.ours) and not trend.evaluation)


def _what(run: RecordedRun, trend: ReturnTrend) -> str:
    tag = metrics.EVAL_REWARD if trend.evaluation else metrics.EPISODE_REWARD
    return f"return ({run.tag_of(tag)})"


def _option(run: RecordedRun) -> str:
    """The option of ``av-td3`` that selects the checkpoint, for a run of ours."""
    return " (--checkpoint best)" if run.ours else ""


def _beside(run: RecordedRun) -> str:
    """What happened to length, success and exploration at the same time."""
    parts = []
    for tag, name, unit in (
        (metrics.EPISODE_LENGTH, "episode length", " steps"),
        (quantities.EPISODE_SECONDS, "episode duration", " s"),
        (quantities.EPSILON, "epsilon", ""),
    ):
        if run.has(tag) and len(finite(run.values(tag))):
            parts.append(f"{name} {short(finite(run.values(tag))[0])} to {short(late(run.values(tag)))}{unit}")
    for tag in (metrics.EVAL_SUCCESS, metrics.EPISODE_SUCCESS):
        try:
            rate = float(np.mean(run.numbers(tag)))
        except NotLogged:
            continue
        if rate < RARELY:
            parts.append(f"success in {rate:.1%}")
        break
    return f"; {', '.join(parts)}" if parts else ""
