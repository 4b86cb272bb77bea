"""The verdict on logs of other programs."""

import numpy as np
import pytest

from av_td3.diagnostics.gate import Verdict
from av_td3.report.assessment import assess
from tests.diagnostics.logs import foreign, growing, series, without
from tests.diagnostics.test_log_rules import FELL, HEALTHY, PPO, RETURN, STEPS, TD3, noisy


def gate(scalars, tmp_path):
    verdict, criteria = assess(foreign(scalars, tmp_path)).gate_result
    return verdict, {criterion.name: criterion for criterion in criteria}


@pytest.mark.parametrize("scalars", HEALTHY.values())
def test_what_a_program_cannot_log_does_not_count(tmp_path, scalars):
    verdict, criteria = gate(scalars, tmp_path)
    assert verdict is Verdict.GO
    assert {criterion.verdict for criterion in criteria.values()} == {Verdict.GO}
    assert criteria["return"].measured == "nothing found"
    assert criteria["reward terms"].measured == "not logged"


def test_what_an_algorithm_does_not_have_is_not_applicable(tmp_path):
    assert gate(PPO, tmp_path)[1]["Q values"].measured == "not applicable to PPO"
    assert gate(TD3, tmp_path)[1]["Q values"].measured == "nothing found"


def test_a_critical_finding_is_no_go_and_a_warning_investigate(tmp_path):
    verdict, criteria = gate(TD3 | {"train/critic_loss": growing(1.0, 1e7, 100)}, tmp_path)
    assert (verdict, criteria["critic loss"].measured) == (Verdict.NO_GO, "critic_divergence")
    verdict, criteria = gate(TD3 | FELL, tmp_path)
    assert (verdict, criteria["return"].measured) == (Verdict.INVESTIGATE, "return_collapse")


@pytest.mark.parametrize(
    "scalars",
    [
        {"my/number": noisy(3.0)},  # nothing was recognised
        without(TD3, *RETURN),  # everything but the return
        {tag: points._replace(steps=points.steps[:5], values=points.values[:5]) for tag, points in TD3.items()},
        {"rollout/ep_rew_mean": series([1.0] * 5)},
    ],
)
def test_without_a_return_nothing_is_go(tmp_path, scalars):
    verdict, criteria = gate(scalars, tmp_path)
    assert verdict is Verdict.INVESTIGATE
    assert (criteria["return"].measured, criteria["return"].verdict) == ("not logged", Verdict.INVESTIGATE)


def test_the_worst_finding_about_a_subject_decides(tmp_path):
    before = noisy(3.0).values
    norms = {
        "debug/actor_grad_norm_BEFORE_clip": series(before, **STEPS),
        "debug/actor_grad_norm_AFTER_clip": series([1.0] * len(before), **STEPS),
        "debug/critic_grad_norm_BEFORE_clip": series(before, **STEPS),
    }
    run = foreign(TD3 | norms, tmp_path)
    run.config = {"algorithm": {"gradient_clipping": {"critic_max_norm": 100.0}}}
    assessment = assess(run)
    assert [finding.rule for finding in assessment.diagnosis.findings] == ["clip_always_binds", "clip_never_binds"]
    gradients = {criterion.name: criterion for criterion in assessment.gate_result.criteria}["gradients"]
    assert (gradients.verdict, gradients.measured) == (Verdict.INVESTIGATE, "clip_always_binds")


def test_a_named_gate_applies_its_absolute_thresholds(tmp_path):
    run = foreign(TD3 | {"train/critic_loss": noisy(280.0)}, tmp_path)
    assert assess(run).gate_result.verdict is Verdict.GO
    named = assess(run, "validation_5k").gate_result
    assert {c.name: c.verdict for c in named.criteria}["mean critic loss"] is Verdict.NO_GO


def test_a_broken_verdict_always_has_a_finding(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(100):
        scalars = dict(TD3)
        for tag in scalars:
            scalars[tag] = series(rng.choice([1.0, -1.0]) * np.exp(rng.normal(0.0, rng.choice([0.1, 5.0]), 100)).cumsum())
        assessment = assess(foreign(scalars, tmp_path))
        severities = {finding.severity.value for finding in assessment.diagnosis.findings}
        assert (assessment.gate_result.verdict is Verdict.NO_GO) == ("critical" in severities)
