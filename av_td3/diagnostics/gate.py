"""GO, NO-GO or INVESTIGATE: whether a run's numbers allow the next, more expensive run."""

import math
from dataclasses import dataclass
from enum import Enum
from statistics import mean, median

from av_td3.config import Algorithm, Gate, GradientClipping
from av_td3.diagnostics.scalars import Scalars

CLIP_TOLERANCE = 1e-3
SMALL_LOSS = 100.0  # |actor loss| below which growth is no concern
HARD_ALERTS = {  # criterion: the alerts that break it
    "exploding gradient": (
        "gradient_explosion_warning",
        "gradient_explosion_critical",
        "critic_gradient_explosion_warning",
        "critic_gradient_explosion_critical",
    ),
    "clip violation": ("clip_violation",),
    "dead gradient": ("dead_gradient",),
    "actor-critic disagreement": ("actor_critic_disagreement",),
    "non-finite value": ("non_finite",),
}


class Verdict(str, Enum):
    """What to do next."""

    GO = "GO"
    NO_GO = "NO-GO"
    INVESTIGATE = "INVESTIGATE"


@dataclass(frozen=True)
class Criterion:
    """One thing that was asked of the run. ``verdict`` is what it alone would say."""

    name: str
    wanted: str
    found: str
    verdict: Verdict


def judge(scalars: Scalars, gate: Gate, algorithm: Algorithm, updates: int) -> tuple[Verdict, list[Criterion]]:
    """Hold a run's scalars against the gate. A hard criterion that is broken decides; then missing data; then soft ones."""
    criteria = [
        _enough(updates, gate.min_updates),
        *_clipping(scalars, algorithm.gradient_clipping),
        *(_no_alert(scalars, name, alerts) for name, alerts in HARD_ALERTS.items()),
        _largest(scalars, "|actor loss|", ("train/actor_loss",), gate.max_actor_loss),
        _growth(scalars, gate.max_actor_loss_growth),
        _largest(scalars, "|Q|", ("train/q1_value", "train/q2_value"), gate.max_q),
        *_twins(scalars, gate.max_twin_gap, algorithm.critics),
        _mean_critic_loss(scalars, gate.max_critic_loss),
        _episodes(scalars, gate.min_episode_ratio),
        _evaluation(scalars),
    ]
    found = {criterion.verdict for criterion in criteria}
    verdict = next(v for v in (Verdict.NO_GO, Verdict.INVESTIGATE, Verdict.GO) if v in found)
    return verdict, criteria


def _values(scalars: Scalars, *tags: str) -> list[float]:
    return [point.value for tag in tags for point in scalars.get(tag, [])]


def _hard(name: str, wanted: str, found: float, broken: bool) -> Criterion:
    return Criterion(name, wanted, f"{found:.4g}", Verdict.NO_GO if broken else Verdict.GO)


def _missing(name: str, wanted: str) -> Criterion:
    return Criterion(name, wanted, "no data", Verdict.INVESTIGATE)


def _enough(updates: int, least: int) -> Criterion:
    verdict = Verdict.GO if updates >= least else Verdict.INVESTIGATE
    return Criterion("updates", f"at least {least}", str(updates), verdict)


def _clipping(scalars: Scalars, clipping: GradientClipping) -> list[Criterion]:
    """Norms after the clip, at their worst update. With clipping off there is nothing to hold."""
    if not clipping.enabled:
        return []
    limits = (("actor", clipping.actor_max_norm), ("critic", clipping.critic_max_norm))
    return [
        _largest(
            scalars,
            f"{network} norm after clip",
            _after_tags(network, clipping.scope),
            limit,
            allowed=limit * (1.0 + CLIP_TOLERANCE),
        )
        for network, limit in limits
    ]


def _twins(scalars: Scalars, most: float, critics: int) -> list[Criterion]:
    """How far the twins are apart. A critic alone has no twin."""
    return [_largest(scalars, "mean |Q1 - Q2|", ("debug/q1_q2_diff",), most)] if critics == 2 else []


def _after_tags(network: str, scope: str) -> tuple[str, ...]:
    modules = (f"{network}_cnn", f"{network}_mlp") if scope == "per_module" else (network,)
    return tuple(f"debug/{module}_grad_norm_AFTER_clip_max" for module in modules)


def _largest(scalars: Scalars, name: str, tags: tuple[str, ...], limit: float, allowed: float | None = None) -> Criterion:
    values, wanted = _values(scalars, *tags), f"at most {limit:g}"
    if not values:
        return _missing(name, wanted)
    worst = max((abs(v) for v in values), key=lambda v: math.inf if math.isnan(v) else v)
    return _hard(name, wanted, worst, not worst <= (limit if allowed is None else allowed))


def _no_alert(scalars: Scalars, name: str, alerts: tuple[str, ...]) -> Criterion:
    name, counts = f"alerts: {name}", [_values(scalars, f"alerts/{alert}") for alert in alerts]
    if not all(counts):
        return _missing(name, "0")
    total = sum(sum(values) for values in counts)
    return _hard(name, "0", total, total != 0.0)


def _growth(scalars: Scalars, most: float) -> Criterion:
    name, wanted = "actor loss growth", f"at most {most:g}x"
    values = [abs(v) for v in _values(scalars, "train/actor_loss")]
    if len(values) < 10:
        return _missing(name, wanted)
    last = median(values[-max(1, len(values) // 10) :])
    growth = last / max(median(values), 1e-9)
    return _hard(name, wanted, growth, not (growth <= most or last <= SMALL_LOSS))


def _mean_critic_loss(scalars: Scalars, most: float) -> Criterion:
    values, wanted = _values(scalars, "train/critic_loss"), f"at most {most:g}"
    if not values:
        return _missing("mean critic loss", wanted)
    return _hard("mean critic loss", wanted, mean(values), not mean(values) <= most)


def _episodes(scalars: Scalars, least: float) -> Criterion:
    """Soft: episodes that shrink to a few steps are the sign by which the explosions were first seen.

    Only episodes that the policy drove are compared; random ones are long where the car stands still.
    """
    wanted = f"last quarter at least {least:g} of the first"
    learning = min((point.step for point in scalars.get("train/critic_loss", [])), default=None)
    lengths = [p.value for p in scalars.get("episode/length", []) if learning is not None and p.step >= learning]
    if len(lengths) < 8:
        return _missing("episode length", wanted)
    quarter = len(lengths) // 4
    ratio = mean(lengths[-quarter:]) / max(mean(lengths[:quarter]), 1e-9)
    return Criterion("episode length", wanted, f"{ratio:.3g}", Verdict.GO if ratio >= least else Verdict.INVESTIGATE)


def _evaluation(scalars: Scalars) -> Criterion:
    """Soft: the last evaluation is better than the first, which an untrained policy drove."""
    rewards, wanted = _values(scalars, "eval/reward"), "more than at first"
    if len(rewards) < 2:
        return _missing("evaluation reward", wanted)
    found = f"{rewards[0]:.4g}, then {rewards[-1]:.4g}"
    return Criterion("evaluation reward", wanted, found, Verdict.GO if rewards[-1] > rewards[0] else Verdict.INVESTIGATE)
