"""Logs of other people's programs, healthy and broken, with the right answer of a careful reader.

Skipped where the logs are not. They are read as they are; none is known by its name to the diagnosis.
"""

import runpy
import shutil
from pathlib import Path

import pytest

from av_td3.diagnostics.recorded_run import read_run
from av_td3.report.assessment import assess

LOGS = Path(__file__).resolve().parents[3] / "shared" / "foreign-logs"
pytestmark = pytest.mark.skipif(not LOGS.exists(), reason="the logs of other programs are not here")

# By log: the verdicts that are right, and the findings that may come first; none for a healthy one.
BROKEN = ("NO-GO", "INVESTIGATE")
RIGHT = {
    "02-sb3-td3-boundary-no-nan": (BROKEN, ("return_collapse", "identical_returns")),
    "04-sac-temperature-1e8-sb3-names": (("NO-GO",), ("temperature_divergence",)),
    "05-ppo2-nan-value-loss-3.7e6": (("NO-GO",), ("non_finite",)),
    "07-ppo-kl-explosion-collapse": (("NO-GO",), ("large_policy_steps",)),
    "08-td3-same-reward-every-episode": (BROKEN, ("identical_returns",)),
    "10-td3-q-above-return-sb3-names": (BROKEN, ("q_divergence",)),
    "13-drq-critic-loss-1e3": (("NO-GO",), ("critic_divergence",)),
    "14-keras-rl-cdqn-loss-1e23": (("NO-GO",), ("q_divergence", "critic_divergence")),
    "15-drqv2-seed-that-never-learns": (("INVESTIGATE",), ("no_learning",)),
    "16-humanoid-ddpg-plateau": (("INVESTIGATE",), ("values_too_small", "return_plateau")),
    "17-coach-carla-ddpg-car-stands": (BROKEN, ("identical_returns",)),
    "21-healthy-pendulum-sac": (("GO",), ()),
    "22-healthy-ppo-1M-steps": (("GO",), ()),
    "24-short-truncated-episodes": (("GO",), ()),
    "25-large-reward-units": (("GO",), ()),
    "31-three-runs-in-one-folder": (("GO",), ()),
    "33-q-falls-without-end": (("NO-GO",), ("q_divergence",)),
    "34-reward-collapse-after-success": (BROKEN, ("return_collapse",)),
    "35-sb3-healthy-never-go": (("GO",), ()),
    "36-cleanrl-ddpg-critic-loss": (("NO-GO",), ("critic_divergence",)),
    "37-nan-hides-what-came-before": (("NO-GO",), ("non_finite",)),
    "38-nogo-and-nothing-wrong": (("NO-GO",), ("q_divergence", "critic_divergence")),
    "40-flat-loss-called-divergence": (("INVESTIGATE",), ("no_learning",)),
    "real/L05": (("GO",), ()),
    "real/L07": (("INVESTIGATE",), ("no_learning",)),
    "real/L10": (("INVESTIGATE",), ("no_learning",)),
    "real/L14": (BROKEN, ("no_learning", "return_collapse")),
    "real/L20": (("NO-GO",), ("q_divergence",)),
    "real/L22": (("INVESTIGATE",), ("no_learning",)),
    "real/L26": (("INVESTIGATE",), ("large_policy_steps",)),
    "real/L29": (("INVESTIGATE",), ("no_learning",)),
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """A copy, in which the logs that are rebuilt from reports are written."""
    folder = tmp_path_factory.mktemp("foreign") / "logs"
    shutil.copytree(LOGS, folder)
    for program in sorted(folder.glob("*/make.py")):
        runpy.run_path(str(program))
    return folder


@pytest.fixture(scope="module")
def answers(logs):
    """The assessment of each log."""
    found = {}
    for name in RIGHT:
        path = logs / name
        found[name] = assess(read_run(path / "log" if (path / "log").is_dir() else path))
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_verdict_and_first_finding_are_right(answers, name):
    verdicts, first = RIGHT[name]
    findings = [finding.rule for finding in answers[name].diagnosis.findings if finding.severity.value != "info" or first]
    assert answers[name].gate_result.verdict.value in verdicts
    assert findings[:1] == [] if not first else findings[0] in first


@pytest.mark.parametrize("name", [name for name, (verdicts, _) in RIGHT.items() if verdicts == ("GO",)])
def test_no_healthy_log_has_a_critical_finding(answers, name):
    assert "critical" not in {finding.severity.value for finding in answers[name].diagnosis.findings}


def test_every_log_that_is_there_has_a_right_answer_here():
    there = {path.parent.name for path in LOGS.glob("*/make.py")} | {f"real/{path.name}" for path in LOGS.glob("real/*")}
    assert there == set(RIGHT)
