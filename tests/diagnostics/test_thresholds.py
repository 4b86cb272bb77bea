"""A threshold that is set once applies to alerts, gate and rules."""

import numpy as np
import pytest
from omegaconf import OmegaConf

from av_td3.config.errors import ConfigError
from av_td3.diagnostics.diagnose import diagnose
from av_td3.diagnostics.gate import Verdict, evaluate_gate
from av_td3.diagnostics.gate_file import read_gate
from av_td3.diagnostics.recorded_run import RecordedRun, read_run
from av_td3.diagnostics.thresholds import gate_of, threshold_of
from av_td3.report.assessment import assess
from tests.conftest import ROOT
from tests.diagnostics.logs import foreign, healthy, norms, recorded, series
from tests.report.folders import write_run

SHARED = {  # of the gate: the alert's
    "max_q": "max_q",
    "max_grad_norm": "explosion_warning",
    "max_disagreement": "disagreement_ratio",
}
PLAIN = """
min_updates: 10
max_actor_loss: 1000.0
max_actor_loss_growth: 10.0
max_grad_norm: 1.0e+4
max_disagreement: 10.0
max_q: 150
max_twin_gap: 5.0
max_critic_loss: 200.0
min_episode_ratio: 0.3
"""
REFERRING = PLAIN.replace("max_q: 150", "max_q: ${alerts.max_q}")


def logged(config):
    """A run with this config.yaml."""
    return RecordedRun(ROOT, healthy(), config)


@pytest.mark.parametrize(("ours", "alerts"), SHARED.items())
def test_a_threshold_of_an_alert_is_the_gates_too_unless_the_gate_has_its_own(compose_config, ours, alerts):
    assert getattr(compose_config().gate, ours) == getattr(compose_config().alerts, alerts)
    assert getattr(compose_config(f"alerts.{alerts}=77").gate, ours) == 77.0
    config = compose_config(f"alerts.{alerts}=77", f"gate.{ours}=66")
    assert (getattr(config.gate, ours), getattr(config.alerts, alerts)) == (66.0, 77.0)


def test_without_a_config_the_defaults_hold_for_rules_and_gate(compose_config, tmp_path):
    default, run = compose_config(), foreign(healthy(), tmp_path)
    for name, value in vars(default.gate).items():
        assert threshold_of(run, f"gate.{name}") == value
    for name, value in vars(default.alerts).items():
        assert threshold_of(run, f"alerts.{name}") == value
    assert gate_of(run) == read_gate("validation_5k") == default.gate


def test_what_a_config_says_in_part_is_completed_from_the_defaults(tmp_path):
    run = logged({"alerts": {"max_q": 50.0}, "gate": {"max_twin_gap": 1.0}})
    assert (threshold_of(run, "gate.max_q"), gate_of(run).max_q) == (50.0, 50.0)
    assert (threshold_of(run, "gate.max_twin_gap"), gate_of(run).max_twin_gap) == (1.0, 1.0)
    assert (threshold_of(run, "gate.max_grad_norm"), gate_of(run).max_grad_norm) == (1e4, 1e4)
    own = logged({"alerts": {"max_q": 50.0}, "gate": {"max_q": 60.0}})
    assert (threshold_of(own, "gate.max_q"), gate_of(own).max_q) == (60.0, 60.0)
    unknown = foreign(healthy(), tmp_path)  # and nothing has stayed of the runs before
    assert (threshold_of(unknown, "gate.max_q"), gate_of(unknown).max_q) == (200.0, 200.0)


def test_a_rule_uses_the_threshold_that_was_set_for_a_log_without_config(tmp_path):
    scalars = healthy() | {"train/q1_value": series(np.full(40, 90.0)), "debug/actor_q_mean": series(np.full(40, 90.0))}
    for config, expected in (({}, False), ({"alerts": {"max_q": 80.0}}, True)):
        run = RecordedRun(tmp_path, scalars, config)
        evidence = [f.evidence for f in diagnose(run).findings if f.rule == "q_divergence"]
        assert any("|Q1| above 80" in text for text in evidence) is expected
        refused = {c.name for c in evaluate_gate(run, gate_of(run)).criteria if c.verdict is Verdict.NO_GO}
        assert ("|Q|" in refused) is expected


@pytest.mark.parametrize(("content", "expected"), [(PLAIN, (150.0, 150.0)), (REFERRING, (50.0, 200.0))])
def test_a_gate_of_ones_own_holds_numbers_or_refers_to_the_alerts_of_the_run(tmp_path, content, expected):
    path = tmp_path / "own.yaml"
    path.write_text(content)
    with_alerts, without = logged({"alerts": {"max_q": 50.0}}), logged({})
    assert (read_gate(str(path), {"max_q": 50.0}).max_q, read_gate(str(path)).max_q) == expected
    for run, limit in zip((with_alerts, without), expected, strict=True):
        thresholds = {c.name: c.threshold for c in assess(run, str(path)).gate_result.criteria}
        assert thresholds["|Q|"] == f"at most {limit:g}"


@pytest.mark.parametrize("reference", ["${alerts.nothing}", "${nothing.max_q}", "${alerts.stop_on}", "${alerts.custom}"])
def test_a_gate_that_refers_to_no_threshold_is_refused_in_one_line(tmp_path, reference):
    path = tmp_path / "own.yaml"
    path.write_text(PLAIN.replace("max_q: 150", f"max_q: {reference}"))
    with pytest.raises(ConfigError, match=f"gate {path}: ") as caught:
        read_gate(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("alerts", "limit"), [({"max_q": 50.0}, 50.0), (None, 200.0)])
def test_a_recorded_config_may_refer_to_alerts_as_well(tmp_path, alerts, limit):
    folder = write_run(tmp_path / "run")
    config = OmegaConf.load(folder / "config.yaml")
    config.gate.max_q = "${alerts.max_q}"
    if alerts is None:
        del config["alerts"]
    else:
        config.alerts.update(alerts)
    OmegaConf.save(config, folder / "config.yaml")
    run = read_run(folder)
    assert run.problems == []
    assert (threshold_of(run, "gate.max_q"), gate_of(run).max_q) == (limit, limit)


@pytest.mark.parametrize("sections", [{"alerts": 5}, {"alerts": None}, {"alerts": [1]}])
def test_alerts_that_are_none_are_as_if_there_were_no_section(sections):
    run = logged(sections)
    assert (threshold_of(run, "gate.max_q"), gate_of(run).max_q, threshold_of(run, "alerts.max_q")) == (200.0, 200.0, 200.0)


@pytest.mark.parametrize(("tolerance", "fires"), [(0.5, False), (1e-3, True)])
def test_the_tolerance_of_the_clip_holds_for_rule_and_gate(tmp_path, tolerance, fires):
    """The norm after the clip reaches 1.2 times its limit."""
    after = np.linspace(0.5, 1.2, 40)
    run = recorded(healthy() | norms("actor", [3.0] * 40, after), tmp_path, f"alerts.clip_tolerance={tolerance}")
    assert any(finding.rule == "clip_violation" for finding in diagnose(run).findings) is fires
    criteria = {c.name: c.verdict for c in evaluate_gate(run, gate_of(run)).criteria}
    assert criteria["actor norm after clip"] is (Verdict.NO_GO if fires else Verdict.GO)
