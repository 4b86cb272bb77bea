"""The rule on the inputs of the heads."""

import math
from collections.abc import Iterator

from av_td3 import metrics
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.numbers import short
from av_td3.diagnostics.phases import late
from av_td3.diagnostics.program import Program
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun

APART = 10.0  # widest spread over narrowest; about 2 with the default scales
CONSTANT = 1e-6  # spread below which an input is constant but for rounding, and has nothing to tell at any scale
FEATURES = "the features"


def input_scale(run: RecordedRun) -> Iterator[Finding]:
    """Inputs of the heads spread so differently that the heads learn little from the narrow ones.

    Gradient descent learns from inputs of equal variance at equal speed (LeCun et al. 1998, "Efficient BackProp", section 4.3).
    """
    spreads = {name: spread for name, spread in _spreads(run).items() if spread > CONSTANT}
    if len(spreads) < 2:
        return
    narrow, wide = min(spreads, key=spreads.__getitem__), max(spreads, key=spreads.__getitem__)
    ratio = spreads[wide] / spreads[narrow]
    if not ratio > APART:
        return
    yield Finding(
        "input_scale",
        Severity.WARNING,
        f"standard deviation of the inputs of the heads in the last quarter: {narrow} {short(spreads[narrow])}, {wide} "
        f"{short(spreads[wide])}, {short(ratio)} times as much",
        f"The heads learn little from {narrow}. {_equal(run, spreads)}.",
    )


def _spreads(run: RecordedRun) -> dict[str, float]:
    """The spreads of the last quarter by the name of the input. Raises NotLogged."""
    tags = {tag: tag.removeprefix(metrics.VECTOR_STD) for tag in run.scalars if tag.startswith(metrics.VECTOR_STD)}
    if run.has(metrics.FEATURES_STD):
        tags[metrics.FEATURES_STD] = FEATURES
    if len(tags) < 2:
        raise NotLogged(metrics.vector_std("<entry>") if tags else metrics.FEATURES_STD)
    return {name: late(run.values(tag)) for tag, name in tags.items()}


def _equal(run: RecordedRun, spreads: dict[str, float]) -> str:
    """How to bring the spreads that are far from 1 to about 1."""
    if run.program is not Program.OURS:
        return "Rescale or normalise the inputs to a standard deviation of about 1"
    far = {name: spread for name, spread in spreads.items() if abs(math.log(spread)) > math.log(APART) / 2.0}
    scales = [_rescaled(run, name, spread) for name, spread in far.items() if name != FEATURES]
    plain = FEATURES in far and run.setting_or("network.trunk", None) == "plain"
    trunk = ["network.trunk=layernorm_tanh, whose features have about 0.7"] if plain else []
    if not [*scales, *trunk]:
        return "The encoder hardly reacts to the images: check that they arrive and are not all black"
    return "For a standard deviation of about 1: " + "; ".join([*scales, *trunk])


def _rescaled(run: RecordedRun, entry: str, spread: float) -> str:
    key = f"observation.vector.{entry}.scale"
    scale = run.setting_or(key, None)
    return f"{key}={scale * spread:.2g}" if isinstance(scale, int | float) else f"divide {entry} by {spread:.2g}"
