"""GO, NO-GO or INVESTIGATE: whether a run is healthy enough for the next, more expensive one."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from av_td3 import metrics
from av_td3.config.alerts import Gate
from av_td3.diagnostics.phases import Values, finite, last_quarter, late
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.returns import Trend, trend_of
from av_td3.diagnostics.rules.clipping import limit_of
from av_td3.diagnostics.rules.values import MIN_POINTS, grows_too_much, loss_growth
from av_td3.diagnostics.thresholds import threshold_of
from av_td3.runs.scalars import Series
from av_td3.runs.status import DONE

BETTER = 0.05  # relative improvement that two evaluations must show


class Verdict(str, Enum):
    """The verdict on a run."""

    GO = "GO"
    NO_GO = "NO-GO"
    INVESTIGATE = "INVESTIGATE"


@dataclass(frozen=True)
class Criterion:
    """A criterion of the gate.

    Args:
        name: the quantity.
        threshold: the allowed values, as text.
        measured: the value of the run, as text.
        verdict: the verdict of this criterion alone.

    """

    name: str
    threshold: str
    measured: str
    verdict: Verdict


class GateResult(NamedTuple):
    """The verdict, and the criteria it is based on."""

    verdict: Verdict
    criteria: list[Criterion]


def evaluate_gate(run: RecordedRun, gate: Gate) -> GateResult:
    """Check a run against the thresholds of a gate.

    Args:
        run: the run.
        gate: the thresholds.

    Returns:
        All criteria, and the verdict: NO-GO if a hard criterion is violated, else INVESTIGATE if data is missing or a soft
        criterion is missed, else GO.

    """
    criteria = [
        _enough_updates(run, gate.min_updates),
        *_finished(run),
        *_valid_records(run),
        _clipped(run, metrics.ACTOR),
        _clipped(run, metrics.CRITIC),
        _no_explosion(run, gate.max_grad_norm),
        _no_alert(run, "clip violation", metrics.ALERT_CLIP_VIOLATION),
        _nothing_dead(run),
        _no_disagreement(run, gate.max_disagreement),
        _all_finite(run),
        _largest(run, "|actor loss|", (metrics.ACTOR_LOSS,), gate.max_actor_loss),
        _actor_loss_growth(run, gate.max_actor_loss_growth),
        _largest(run, "|Q|", metrics.Q_VALUES[: _critics(run)], gate.max_q),
        *_twins(run, gate.max_twin_gap),
        _mean_critic_loss(run, gate.max_critic_loss),
        _episode_length(run, gate.min_episode_ratio),
        _evaluation(run),
    ]
    verdicts = {criterion.verdict for criterion in criteria}
    return GateResult(next(v for v in (Verdict.NO_GO, Verdict.INVESTIGATE, Verdict.GO) if v in verdicts), criteria)


def _hard(name: str, threshold: str, measured: str, broken: bool) -> Criterion:
    return Criterion(name, threshold, measured, Verdict.NO_GO if broken else Verdict.GO)


def _unknown(name: str, threshold: str, why: str) -> Criterion:
    return Criterion(name, threshold, why, Verdict.INVESTIGATE)


def _soft(name: str, threshold: str, measured: str, met: bool) -> Criterion:
    return Criterion(name, threshold, measured, Verdict.GO if met else Verdict.INVESTIGATE)


def _worst(values: Values) -> float:
    """The largest magnitude; infinite if a value is NaN."""
    return float(np.max(np.abs(np.where(np.isnan(values), math.inf, values)), initial=0.0))


# -- amount of data ----------------------------------------------------------------------------------------------------


def _enough_updates(run: RecordedRun, least: int) -> Criterion:
    threshold = f"at least {least}"
    try:
        return _soft("updates", threshold, str(run.updates), run.updates >= least)
    except NotLogged:
        return _unknown("updates", threshold, "no data")


def _finished(run: RecordedRun) -> list[Criterion]:
    """Whether the run ended at total_steps. Left out for folders without a status."""
    if not run.status:
        return []
    state, step, total = run.status.get("state"), run.status.get("step"), run.setting_or("total_steps", None)
    met = state == DONE and (total is None or step == total)
    return [_soft("end of the run", f"done at step {total}" if total else "done", f"{state} at step {step}", met)]


def _valid_records(run: RecordedRun) -> list[Criterion]:
    """A criterion that is missed if config or status are invalid, because the thresholds are unknown then. Else left out."""
    return [_unknown("config and status", "valid", run.invalid[0].partition(":")[0])] if run.invalid else []


# -- gradients ---------------------------------------------------------------------------------------------------------


def _clipped(run: RecordedRun, network: str) -> Criterion:
    """The largest norm after the clip. Without clipping there is no limit."""
    name = f"{network} norm after clip"
    try:
        limit = limit_of(run, network)
    except NotLogged:
        return _unknown(name, "at most its limit", "limit unknown")
    if math.isinf(limit):
        return Criterion(name, "clipping is off", "-", Verdict.GO)
    joint = run.setting_or("algorithm.gradient_clipping.scope", "joint") == "joint"
    modules = (network,) if joint else (metrics.cnn(network), metrics.mlp(network))
    peaks = tuple(metrics.peak(metrics.grad_norm(module, "AFTER")) for module in modules)
    points = tuple(metrics.grad_norm(module, "AFTER") for module in (*modules, metrics.cnn(network)))
    return _largest(run, name, peaks, limit, allowed=limit * (1.0 + threshold_of(run, "alerts.clip_tolerance")), also=points)


def _no_explosion(run: RecordedRun, limit: float) -> Criterion:
    """The largest logged norm, and the alerts, which count all updates between the points."""
    peaks = [metrics.peak(tag) for tag in metrics.GRAD_NORMS]
    logged = [run.values(tag) for tag in (*metrics.GRAD_NORMS, *peaks) if run.has(tag)]
    name, threshold = "gradient norm", f"at most {limit:g}, no alert"
    worst = max((_worst(values) for values in logged), default=math.nan)
    alerts = _alerts(run, *metrics.EXPLOSIONS)
    measured = f"{worst:.4g}, {'alerts not logged' if alerts is None else f'{alerts:.0f} alerts'}"
    if worst > limit or alerts:
        return _hard(name, threshold, measured, broken=True)
    if alerts is None or not any(run.has(metrics.peak(metrics.grad_norm(n, "BEFORE"))) for n in metrics.NETWORKS):
        return _unknown(name, threshold, measured if logged else "no data")
    return _hard(name, threshold, measured, broken=False)


def _alerts(run: RecordedRun, *names: str) -> float | None:
    """Number of updates that raised these alerts; None if one of them was not logged."""
    if not all(run.has(metrics.alert(name)) for name in names):
        return None
    return float(sum(np.sum(run.values(metrics.alert(name))) for name in names))


def _no_alert(run: RecordedRun, name: str, alert: str, proof: str | None = None) -> Criterion:
    """Violated if the alert was raised, or if ``proof`` shows the problem in other tags."""
    total = _alerts(run, alert)
    if proof is not None:
        return _hard(name, "none", proof, broken=True)
    if total is None:
        return _unknown(name, "none", "no data")
    return _hard(name, "none", f"{total:.0f} alerts" if total else "none", broken=total != 0.0)


def _nothing_dead(run: RecordedRun) -> Criterion:
    dead = []
    for module in metrics.MODULES:
        for when in metrics.WHEN:
            tag = metrics.grad_norm(module, when)
            if run.has(tag) and len(run.values(tag)) >= 4 and not np.any(last_quarter(run.values(tag))):
                dead.append(module)
                break
    return _no_alert(run, "dead gradient", metrics.ALERT_DEAD_GRADIENT, f"{', '.join(dead)}: norm 0" if dead else None)


def _no_disagreement(run: RecordedRun, limit: float) -> Criterion:
    proof = None
    try:
        ratio = late(np.abs(run.values(metrics.ACTOR_Q_MEAN, metrics.ACTOR_LOSS)))
        ratio /= max(1.0, late(np.abs(run.values(metrics.Q1_VALUE))))
        proof = f"Q of the policy {ratio:.3g} times that of the data" if ratio > limit else None
    except NotLogged:
        pass
    return _no_alert(run, "actor-critic disagreement", metrics.ALERT_DISAGREEMENT, proof)


def _all_finite(run: RecordedRun) -> Criterion:
    wrong = next((tag for tag, series in run.scalars.items() if not np.all(np.isfinite(series.values))), None)
    return _no_alert(run, "non-finite value", metrics.ALERT_NON_FINITE, wrong)


# -- losses and values -------------------------------------------------------------------------------------------------


def _largest(
    run: RecordedRun,
    name: str,
    tags: tuple[str, ...],
    limit: float,
    *,
    allowed: float | None = None,
    also: tuple[str, ...] = (),
) -> Criterion:
    """All ``tags`` stay at or below the limit. The tags in ``also`` can violate the criterion, but not satisfy it."""
    threshold = f"at most {limit:g}"
    logged = [_worst(run.values(tag)) for tag in (*tags, *also) if run.has(tag)]
    if not logged:
        return _unknown(name, threshold, "no data")
    broken = max(logged) > (limit if allowed is None else allowed)
    if not broken and not all(run.has(tag) for tag in tags):
        return _unknown(name, threshold, f"{max(logged):.4g} in what was logged")
    return _hard(name, threshold, f"{max(logged):.4g}", broken)


def _critics(run: RecordedRun) -> int:
    """Number of Q functions: as configured; of an algorithm without that key, as logged; else two."""
    configured = run.setting_or("algorithm.critics", None)
    if configured is None and run.setting_or("algorithm", None) is not None and not run.has(metrics.Q2_VALUE):
        return 1
    return 2 if configured is None else int(configured)


def _twins(run: RecordedRun, limit: float) -> list[Criterion]:
    """Mean |Q1 - Q2|; left out for a single critic. If it was not logged, |mean Q1 - mean Q2| is a lower bound."""
    if _critics(run) == 1:
        return []
    name, threshold = "mean |Q1 - Q2|", f"at most {limit:g}"
    if run.has(metrics.Q1_Q2_DIFF):
        return [_largest(run, name, (metrics.Q1_Q2_DIFF,), limit)]
    try:
        first, second = run.values(metrics.Q1_VALUE), run.values(metrics.Q2_VALUE)
    except NotLogged:
        return [_unknown(name, threshold, "no data")]
    least = _worst(first[: len(second)] - second[: len(first)])
    measured = f"at least {least:.4g}"
    return [_hard(name, threshold, measured, broken=True) if least > limit else _unknown(name, threshold, measured)]


def _actor_loss_growth(run: RecordedRun, most: float) -> Criterion:
    name, threshold = "actor loss growth", f"at most {most:g}x"
    if not run.has(metrics.ACTOR_LOSS) or len(run.values(metrics.ACTOR_LOSS)) < MIN_POINTS:
        return _unknown(name, threshold, "no data")
    values = run.values(metrics.ACTOR_LOSS)
    return _hard(name, threshold, f"{loss_growth(values):.4g}", broken=grows_too_much(values, most))


def _mean_critic_loss(run: RecordedRun, limit: float) -> Criterion:
    """Of the finite values; broken if there are none."""
    threshold = f"at most {limit:g}"
    if not run.has(metrics.CRITIC_LOSS):
        return _unknown("mean critic loss", threshold, "no data")
    numbers = finite(run.values(metrics.CRITIC_LOSS))
    mean = float(np.mean(numbers)) if len(numbers) else math.nan
    return _hard("mean critic loss", threshold, f"{mean:.4g}", broken=not mean <= limit)


# -- driving -----------------------------------------------------------------------------------------------------------


def _episode_length(run: RecordedRun, least: float) -> Criterion:
    """Soft: the length of episodes in the last quarter over that in the first. Exploding runs shrink to a few steps.

    Only episodes of the policy are compared; those before learning are of random actions, which hardly move the car, or of a
    driver that fills the replay.
    """
    name, threshold = "episode length", f"last quarter at least {least:g} of the first"
    try:
        lengths = run.series(metrics.EPISODE_LENGTH)
        driven = finite(lengths.values[lengths.steps >= run.learning_from])
    except NotLogged:
        return _unknown(name, threshold, "no data")
    if len(driven) < 8:
        return _unknown(name, threshold, f"only {len(driven)} episode{'' if len(driven) == 1 else 's'}")
    quarter = len(driven) // 4
    ratio = float(np.mean(driven[-quarter:]) / max(np.mean(driven[:quarter]), 1e-9))
    return _soft(name, threshold, f"{ratio:.3g}", ratio >= least)


def _evaluation(run: RecordedRun) -> Criterion:
    """Soft: the last evaluation is better than the first, which is that of an untrained policy, and nothing was lost again."""
    name, threshold = "evaluation reward", f"{BETTER:.0%} more than at first, and not lost again"
    rewards = finite(run.values(metrics.EVAL_REWARD)) if run.has(metrics.EVAL_REWARD) else np.zeros(0)
    if len(rewards) < 2:
        return _unknown(name, threshold, "no data" if len(rewards) == 0 else "only one evaluation")
    trend = trend_of(Series(np.arange(len(rewards)), rewards))
    better = rewards[-1] - rewards[0] > BETTER * max(abs(rewards[0]), abs(rewards[-1]))
    best = f", {trend.best:.4g} at best" if trend.best > max(rewards[0], rewards[-1]) else ""
    met = bool(better) and trend.trend not in (Trend.COLLAPSE, Trend.FALLS)
    return _soft(name, threshold, f"{rewards[0]:.4g}{best}, then {rewards[-1]:.4g}", met)
