"""Runs from given numbers, healthy by default."""

from functools import cache

import numpy as np

from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.diagnostics.tags import read_tags
from av_td3.runs.scalars import Series
from tests.conftest import compose_config

config_of = cache(compose_config)

POINTS, FIRST, EVERY = 40, 2525, 50  # a point every 25 updates; learning starts after step 2,500
MODULES = ("actor_cnn", "actor_mlp", "critic_cnn", "critic_mlp")
SPREADS = {"speed": 0.45, "lateral": 0.55, "heading_error": 1.0, "waypoints": 0.95}
ALERTS = (
    *(f"{who}gradient_explosion_{level}" for who in ("", "critic_") for level in ("warning", "critical")),
    *("clip_violation", "dead_gradient", "action_saturation", "q_divergence", "actor_critic_disagreement", "non_finite"),
)


def series(values, first=FIRST, every=EVERY):
    values = np.asarray(values, np.float64)
    return Series(first + every * np.arange(len(values)), values)


def steady(value, points=POINTS):
    """A value with 10 % of noise, from a fixed seed."""
    return series(value * (1.0 + 0.1 * np.random.default_rng(0).standard_normal(points)))


def noise(points):
    """Of size 1, from a fixed seed."""
    return np.random.default_rng(1).standard_normal(points)


def growing(first, last, points=POINTS):
    """From one value to another by a constant factor."""
    return series(np.geomspace(first, last, points))


def healthy():
    """The scalars of a healthy run, whose actor is clipped in a third of its updates."""
    scalars = {
        "train/actor_loss": steady(-5.0),
        "train/critic_loss": steady(2.0),
        "train/q1_value": steady(5.0),
        "train/q2_value": steady(5.0),
        "train/updates": series(25.0 * np.arange(1, POINTS + 1) * 2),
        "debug/actor_q_mean": steady(5.0),
        "debug/q1_q2_diff": steady(0.5),
        "debug/action_saturation": steady(0.02),
        "debug/actor_pre_tanh_abs": steady(0.4),
        "episode/length": series([50.0] * 80, first=60, every=60),
        "episode/reward": series(np.linspace(10.0, 30.0, 80) + noise(80), first=60, every=60),
        "reward/share_progress": series([0.6] * 80, first=60, every=60),
        "reward/share_comfort": series([0.4] * 80, first=60, every=60),
        "debug/features_std": steady(0.66),
        **{f"debug/vector_std_{entry}": steady(std) for entry, std in SPREADS.items()},
        "eval/reward": series([-3.0, 4.0], first=2500, every=2500),
        **{f"alerts/{alert}": series([0.0] * POINTS) for alert in ALERTS},
    }
    scalars |= {f"debug/{module}_update_ratio": steady(1e-3) for module in MODULES}
    for network, norm, limit in (("actor", 0.9, 1.0), ("critic", 8.0, 10.0)):
        before = steady(norm)
        for name, share in ((network, 1.0), (f"{network}_cnn", 0.8), (f"{network}_mlp", 0.6)):
            values = share * before.values
            scalars |= norms(name, values, np.minimum(values, share * limit))
        scalars[f"debug/{network}_clipped_fraction"] = series([0.35] * POINTS)
    return scalars


def norms(name, before, after):
    """The four tags of a norm, whose largest value in an interval is a tenth above its mean, but not above the limit."""
    peak = np.minimum(np.asarray(after) * 1.1, np.max(after))
    return {
        f"debug/{name}_grad_norm_BEFORE_clip": series(before),
        f"debug/{name}_grad_norm_BEFORE_clip_max": series(np.asarray(before) * 1.1),
        f"debug/{name}_grad_norm_AFTER_clip": series(after),
        f"debug/{name}_grad_norm_AFTER_clip_max": series(peak),
    }


def recorded(scalars, tmp_path, *overrides, status=None):
    """A run of ours with these scalars."""
    config = config_of(*overrides)
    sections = config.model_dump(include={"total_steps", "algorithm", "network", "observation", "replay", "gate", "alerts"})
    done = {"state": "done", "step": config.total_steps} if status is None else status
    return RecordedRun(tmp_path, scalars, sections, done)


def foreign(scalars, tmp_path):
    """The same numbers from another program: no config, no status."""
    return RecordedRun(tmp_path, **read_tags(scalars)._asdict())


def without(scalars, *tags):
    return {tag: points for tag, points in scalars.items() if tag not in tags}
