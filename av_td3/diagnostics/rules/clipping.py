"""Rules on gradient norms and clipping."""

import math
from collections.abc import Iterator

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.phases import Values, early, finite, late
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.thresholds import threshold_of

ENCODER_TENSORS = 8  # weights and biases of three convolutions and a linear layer
ROUND_LIMITS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 50.0, 100.0)  # common choices
SAME_NORM = 1e-3  # relative tolerance within which norms are equal, that is clipped to the same limit
MIN_POINTS = 10  # points from which on a norm can be called constant
TARGET_CLIPPED = 0.4  # share of updates that a useful limit clips: spikes, not every update
MAX_LIMIT = 40.0  # the largest limit in common use (A3C's code)
RUNAWAY = 100.0  # growth from first to last quarter above which no limit is recommended


def limit_of(run: RecordedRun, network: str) -> float:
    """The limit that the norm of ``actor`` or ``critic`` is clipped to; infinite without clipping. Raises NotLogged."""
    if run.setting_or("algorithm.gradient_clipping.enabled", True) is False:
        return math.inf
    try:
        return float(run.setting(f"algorithm.gradient_clipping.{network}_max_norm"))
    except NotLogged:
        return _limit_seen(run, network)


def _limit_seen(run: RecordedRun, network: str) -> float:
    """Infer the limit from a norm after the clip that is constant and below the norm before the clip. Raises NotLogged."""
    before = run.values(metrics.grad_norm(network, "BEFORE"))
    after = run.values(metrics.grad_norm(network, "AFTER"))
    limit = float(np.median(after))
    if len(after) < MIN_POINTS or len(before) != len(after) or not 0.0 < limit < math.inf:
        raise NotLogged(f"algorithm.gradient_clipping.{network}_max_norm")
    cut = (np.abs(after - limit) < SAME_NORM * limit) & (before > limit)
    if np.mean(cut) < 0.9:
        raise NotLogged(f"algorithm.gradient_clipping.{network}_max_norm")
    return float(f"{limit:.4g}")


def gradient_explosion(run: RecordedRun, network: str) -> Iterator[Finding]:
    """Gradients grow without bound. Only the norm before the clip shows it."""
    limit = threshold_of(run, "alerts.explosion_warning")
    logged = [tag for tag in _norms(network) if run.has(tag)]
    if not logged:
        raise NotLogged(" or ".join(_norms(network)))
    tag = next((tag for tag in logged if np.any(run.values(tag) > limit)), None)
    if tag is None:
        return
    norms = run.series(tag)
    too_large = norms.values > limit
    evidence = (
        f"{network} gradient norm above {limit:g} in {np.count_nonzero(too_large)} of {len(norms.values)} points ({tag}), "
        f"first at step {norms.steps[too_large][0]}; {early(norms.values):.3g} in the first quarter, {late(norms.values):.3g} "
        "in the last"
    )
    yield Finding(
        "gradient_explosion",
        Severity.CRITICAL,
        evidence,
        "This is a symptom that clipping hides and does not fix. See feature_exploitation for the actor, and q_divergence and "
        "critic_divergence for the critic.",
    )


def _norms(network: str) -> tuple[str, ...]:
    """The tags of a network's norms and of its modules': before the clip and of the whole network first, peaks last."""
    names = (network, metrics.cnn(network), metrics.mlp(network))
    points = tuple(metrics.grad_norm(name, when) for when in metrics.WHEN for name in names)
    return (*points, *map(metrics.peak, points))


def clip_violation(run: RecordedRun, network: str) -> Iterator[Finding]:
    """A norm after the clip exceeds its limit: gradients changed after the clip, or some parameters were not clipped."""
    limit, scope = limit_of(run, network), run.setting_or("algorithm.gradient_clipping.scope", "joint")
    names = (network,) if scope == "joint" else (metrics.cnn(network), metrics.mlp(network))
    points = {metrics.grad_norm(name, "AFTER"): name for name in (*names, metrics.cnn(network))}
    logged = {tag: name for tag, name in ({metrics.peak(t): n for t, n in points.items()} | points).items() if run.has(tag)}
    if not logged:
        raise NotLogged(" or ".join(points))
    for tag, name in logged.items():
        norms = run.series(tag)
        above = norms.values > limit * (1.0 + threshold_of(run, "alerts.clip_tolerance"))
        if np.any(above) and not _looks_like_a_sum(finite(norms.values), limit):
            yield Finding(
                "clip_violation",
                Severity.CRITICAL,
                f"{name} norm after the clip up to {np.nanmax(norms.values):.6g} with a limit of {limit:g}, above it in "
                f"{np.count_nonzero(above)} of {len(above)} points, first at step {norms.steps[above][0]}",
                "Clip all parameters of the optimizer in one call, after backward and before step, and measure before anything "
                "else writes .grad.",
            )
            return


def sum_of_norms(run: RecordedRun, network: str) -> Iterator[Finding]:
    """A norm that was summed over tensors. For k tensors under one limit c, the sum of norms lies between c and c sqrt(k)."""
    encoder = metrics.cnn(network)
    norms = run.numbers(metrics.grad_norm(encoder, "AFTER"))
    try:
        limit, known = limit_of(run, network), "the limit"
    except NotLogged:
        limit, known = _limit_that_fits(run, norms), "a limit"
    if not _looks_like_a_sum(norms, limit):
        return
    yield Finding(
        "sum_of_norms",
        Severity.WARNING,
        f"norm of {encoder} after the clip held at {np.median(norms):.4g} ({norms.min():.4g} to {norms.max():.4g} over "
        f"{len(norms)} points), {np.median(norms) / limit:.3g} times {known} of {limit:g}: one L2 norm cannot exceed it, a sum "
        f"over {ENCODER_TENSORS} tensors reaches up to {math.sqrt(ENCODER_TENSORS):.3g} times",
        "The clip is correct, the measurement is not: log what torch.nn.utils.clip_grad_norm_ computes, the root of the sum of "
        "squares over all gradients, and do not tune the limit by this number.",
    )


def _looks_like_a_sum(norms: Values, limit: float) -> bool:
    """Whether the norm is constant at a value above the limit that a sum over an encoder's tensors can reach."""
    if len(norms) < MIN_POINTS or not np.median(norms) > 0.0:
        return False
    middle = float(np.median(norms))
    spread = (np.percentile(norms, 90) - np.percentile(norms, 10)) / middle
    return bool(spread < 0.15 and 1.02 < middle / limit <= math.sqrt(ENCODER_TENSORS))


def _limit_that_fits(run: RecordedRun, norms: Values) -> float:
    """The limit behind a norm that is constant within 5 % while the actor's loss grows a hundredfold; else infinite."""
    loss, middle = np.abs(run.numbers(metrics.ACTOR_LOSS)), float(np.median(norms))
    steady = middle > 0.0 and (np.percentile(norms, 90) - np.percentile(norms, 10)) / middle < 0.05
    if not steady or late(loss) < 100.0 * early(loss) or any(abs(middle / c - 1.0) < 0.02 for c in ROUND_LIMITS):
        return math.inf
    return max((c for c in ROUND_LIMITS if c < middle), default=math.inf)


def clip_always_binds(run: RecordedRun, network: str) -> Iterator[Finding]:
    """A limit that every update exceeds only rescales gradients, to which Adam is invariant (Kingma, Ba 2015, section 2.1)."""
    limit, before = limit_of(run, network), run.numbers(metrics.grad_norm(network, "BEFORE"))
    share = _clipped_share(run, network, before, limit)
    if not share > 0.9:
        return
    evidence = f"{share:.1%} of the {network}'s updates clipped at {limit:g}; norm before the clip: {_quantiles(before)}"
    if late(before) > RUNAWAY * early(before):
        recommendation = "The norm diverges, so no limit fits: fix the cause of its growth first."
    else:
        recommendation = _recommended_limit(network, before)
    adam = " With Adam, a limit that always binds hardly changes the mean step, so another such limit makes no difference."
    yield Finding("clip_always_binds", Severity.WARNING, evidence, recommendation + adam)


def clip_never_binds(run: RecordedRun, network: str) -> Iterator[Finding]:
    """A limit that no update reaches: the run is equivalent to one without clipping."""
    limit, before = limit_of(run, network), run.numbers(metrics.grad_norm(network, "BEFORE"))
    if limit == math.inf or not _clipped_share(run, network, before, limit) < 0.01:
        return
    evidence = f"under 1 % of the {network}'s updates clipped at {limit:g}; norm before the clip: {_quantiles(before)}"
    recommendation = f"Fine if the run is healthy. To test clipping: {_recommended_limit(network, before)}"
    yield Finding("clip_never_binds", Severity.INFO, evidence, recommendation)


def _clipped_share(run: RecordedRun, network: str, before: Values, limit: float) -> float:
    """The share of clipped updates if it was logged, else of clipped points."""
    counted = metrics.clipped_fraction(network)
    return float(np.mean(run.numbers(counted))) if run.has(counted) else float(np.mean(before > limit))


def _quantiles(norms: Values) -> str:
    low, middle, high = np.percentile(norms, (10, 50, 90))
    return f"{low:.3g}, {middle:.3g}, {high:.3g} (10, 50, 90 %)"


def _recommended_limit(network: str, before: Values) -> str:
    """The quantile of the norm that TARGET_CLIPPED of the points exceed."""
    quantile = float(np.percentile(before, 100.0 * (1.0 - TARGET_CLIPPED)))
    if quantile > MAX_LIMIT:
        return (
            f"{TARGET_CLIPPED:.0%} of the norms exceed {quantile:.3g}, and limits above {MAX_LIMIT:g} are uncommon: find out "
            f"what makes the norm so large (rewards, algorithm.{network}_lr) before tuning the limit."
        )
    limit = float(f"{quantile:.3g}")
    clipped = float(np.mean(before > limit))
    return (
        f"try algorithm.gradient_clipping.{network}_max_norm={limit:g}, which {clipped:.0%} of the logged norms exceed "
        f"(aim at 30 to 50 %)."
    )
