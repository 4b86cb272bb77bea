"""The diagnosis of logs of real runs of other programs, healthy and broken on purpose: ``bench/error_rate.py`` in short."""

import importlib.util

import pytest

from av_td3.diagnostics.recorded_run import read_run
from av_td3.report.assessment import assess
from tests.conftest import ROOT

spec = importlib.util.spec_from_file_location("labelled_logs", ROOT / "bench" / "labelled_logs.py")
labelled_logs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(labelled_logs)
LABELS = labelled_logs.read_labels()
MISSED = {  # their returns rise, so that their logs look like those of runs that learn; docs/diagnosis.md says why
    "h06",  # the sign of the reward is wrong in the environment itself
    "h12",  # the reward is constant, and the return rises a little at the end
    "h13",  # it stays at a fifth of the best return
    "h14",  # it has learned to do nothing, which costs nothing
}


@pytest.fixture(scope="module")
def answers():
    return {label.name: assess(read_run(label.log)) for label in LABELS}


def findings(assessment):
    return [(finding.rule, finding.severity.value) for finding in assessment.diagnosis.findings]


def test_there_are_at_least_thirty_logs_of_two_programs_and_six_algorithms():
    assert len(LABELS) >= 30
    assert {label.program for label in LABELS} == {"sb3", "cleanrl"}
    assert len({label.algorithm.partition("_")[0] for label in LABELS}) >= 6
    assert sum(label.batch == "holdout" for label in LABELS) >= 10


def test_no_diagnosis_is_wrong_but_those_that_are_known_to_be(answers):
    wrong = {
        label.name
        for label in LABELS
        if not label.is_right(answers[label.name].gate_result.verdict.value, findings(answers[label.name]))
    }
    assert wrong == MISSED
    assert len(wrong) <= 0.1 * len(LABELS)


def test_no_run_that_has_learned_has_a_critical_finding(answers):
    for label in LABELS:
        if label.outcome == "learned":
            assert "critical" not in {severity for _, severity in findings(answers[label.name])}, label.name
