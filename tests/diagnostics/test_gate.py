from pathlib import Path

import pytest

from av_td3.diagnostics.gate import HARD_ALERTS, Verdict, judge
from av_td3.diagnostics.scalars import Point, read_scalars

SEED_LOGS = Path(__file__).resolve().parents[3] / "shared" / "seed-logs"


def points(*values, start=0):
    return [Point(start + i, float(v)) for i, v in enumerate(values)]


def healthy():
    steady = {
        "train/actor_loss": 1.0,
        "train/q1_value": 5.0,
        "train/q2_value": 5.0,
        "debug/q1_q2_diff": 0.5,
        "train/critic_loss": 2.0,
        "debug/actor_grad_norm_AFTER_clip_max": 1.0,
        "debug/critic_grad_norm_AFTER_clip_max": 9.0,
        "episode/length": 40.0,
        **{f"alerts/{alert}": 0.0 for alerts in HARD_ALERTS.values() for alert in alerts},
    }
    return {tag: points(*[value] * 40) for tag, value in steady.items()} | {"eval/reward": points(-3.0, 4.0)}


@pytest.fixture
def verdict(compose_config):
    def of(scalars, *overrides, updates=2500):
        config = compose_config(*overrides)
        found, criteria = judge(scalars, config.gate, config.algorithm, updates)
        return found, {c.name: c for c in criteria if c.verdict is not Verdict.GO}

    return of


def test_a_healthy_run_is_go(verdict):
    assert verdict(healthy()) == (Verdict.GO, {})


@pytest.mark.parametrize(
    ("tag", "values", "name"),
    [
        ("train/actor_loss", [1.0] * 39 + [-1e6], "|actor loss|"),
        ("train/actor_loss", [1.5**i / 1e3 for i in range(34)], "actor loss growth"),
        ("train/q2_value", [-300.0], "|Q|"),
        ("debug/q1_q2_diff", [6.0], "mean |Q1 - Q2|"),
        ("train/critic_loss", [1000.0, 10.0], "mean critic loss"),
        ("debug/actor_grad_norm_AFTER_clip_max", [0.5, 1.93], "actor norm after clip"),
        ("train/critic_loss", [float("nan")], "mean critic loss"),
        *((f"alerts/{alert}", [0.0, 1.0], f"alerts: {name}") for name, alerts in HARD_ALERTS.items() for alert in alerts),
    ],
)
def test_one_broken_hard_criterion_is_no_go_and_named(verdict, tag, values, name):
    found, broken = verdict(healthy() | {tag: points(*values)})
    assert found is Verdict.NO_GO
    assert broken[name].verdict is Verdict.NO_GO


def test_soft_criteria_and_missing_data_ask_to_investigate(verdict):
    assert verdict(healthy() | {"episode/length": points(*[50] * 20, *[3] * 20)})[0] is Verdict.INVESTIGATE
    assert verdict(healthy() | {"eval/reward": points(5.0, 1.0)})[0] is Verdict.INVESTIGATE
    assert verdict(healthy(), updates=10)[0] is Verdict.INVESTIGATE
    without = {tag: p for tag, p in healthy().items() if tag != "debug/q1_q2_diff"}
    found, missing = verdict(without)
    assert found is Verdict.INVESTIGATE
    assert missing["mean |Q1 - Q2|"].found == "no data"


def test_without_clipping_no_norm_is_held_against_a_limit(verdict):
    free = healthy() | {"debug/actor_grad_norm_AFTER_clip_max": points(50.0)}
    assert verdict(free, "clipping=off")[0] is Verdict.GO


@pytest.mark.skipif(not SEED_LOGS.exists(), reason="the logs of the exploded runs are not here")
@pytest.mark.parametrize("folder", sorted(p.name for p in SEED_LOGS.glob("2*")) if SEED_LOGS.exists() else [])
def test_the_runs_that_exploded_are_no_go(verdict, folder):
    assert verdict(read_scalars(SEED_LOGS / folder))[0] is Verdict.NO_GO
