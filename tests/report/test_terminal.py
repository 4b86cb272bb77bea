"""What is printed of a run."""

from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from av_td3.report.assessment import assess
from av_td3.report.terminal import print_every_gap, print_gaps, print_gate_result, print_reading
from tests.diagnostics.logs import foreign, healthy, recorded, series
from tests.report.logs_of_others import ppo


@pytest.fixture
def printed():
    def of(function, *arguments):
        console = Console(width=200, record=True, file=StringIO())
        function(console, *arguments)
        return console.export_text()

    return of


def test_what_a_log_was_read_as(printed, tmp_path):
    lines = printed(print_reading, foreign(ppo(), tmp_path)).splitlines()
    assert lines[0] == "read as: Stable-Baselines3, PPO; steps are environment steps"
    assert "rollout/ep_rew_mean as episode/reward" in lines[1]


def test_what_is_not_known_of_a_log_is_said(printed, tmp_path):
    text = printed(print_reading, foreign({"x": series([1.0])}, tmp_path))
    assert text == "read as: another program, algorithm not known; what its steps count is not known\n"


def test_of_a_run_of_ours_nothing_needs_to_be_said(printed, tmp_path):
    assert printed(print_reading, recorded(healthy(), tmp_path)) == ""


def test_go_of_a_log_has_a_reservation_behind_the_word(printed, tmp_path):
    of_a_log, of_ours = assess(foreign(ppo(), tmp_path)), assess(recorded(healthy(), tmp_path))
    assert printed(print_gate_result, of_a_log.gate_result, False).startswith("verdict: GO as far as this log tells\n")
    assert printed(print_gate_result, of_ours.gate_result).startswith("verdict: GO\n")


def test_a_verdict_against_a_log_has_no_reservation(printed, tmp_path):
    broken = assess(foreign(ppo() | {"train/loss": series([np.nan] * 9)}, tmp_path))
    assert printed(print_gate_result, broken.gate_result, False).startswith("verdict: NO-GO\n")


def test_gaps_are_one_line_unless_asked_for(printed, tmp_path):
    diagnosis = assess(foreign(ppo(), tmp_path)).diagnosis
    line = printed(print_gaps, diagnosis)
    assert line.count("\n") == 1
    assert f"{len(diagnosis.unchecked)} of {diagnosis.checks} rules had nothing to look at (not logged: " in line
    assert all(rule in printed(print_every_gap, diagnosis) for rule in diagnosis.gaps)
