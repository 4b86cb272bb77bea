"""Models of Stable-Baselines3 in the same evaluator as everything else."""

import csv
import os
import subprocess
import sys

import pytest

from av_td3.runs.evaluation_folder import read_evaluation_folder
from tests.conftest import ROOT

COMMAND = [sys.executable, str(ROOT / "bench" / "learners.py"), "--quick"]


def run(*options, cwd):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=200, cwd=cwd, env=environment)


def test_learners_and_drivers_drive_the_same_routes_into_an_evaluation(tmp_path):
    done = run("--algorithms", "ppo,td3", "--video", "--output", str(tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    recorded = read_evaluation_folder(tmp_path / "out")
    names = ["ppo", "td3", "pure_pursuit", "random"]
    assert [policy.name for policy in recorded.evaluation.policies] == names
    assert [(row.policy, row.route) for row in recorded.episodes] == [(name, "0") for name in names]
    assert recorded.evaluation.failures == recorded.evaluation.losses == []
    assert sorted(file.name for file in (tmp_path / "out" / "videos").iterdir()) == sorted(
        f"{name}-route-0-repeat-0.mp4" for name in names
    )
    steps = {row.policy: row.distance for row in recorded.episodes}
    assert steps["pure_pursuit"] > steps["random"]


def test_every_learner_has_points_at_its_evaluations(tmp_path):
    assert run("--algorithms", "sac", "--output", str(tmp_path), cwd=tmp_path).returncode == 0
    with (tmp_path / "learning_curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["learner"], row["step"]) for row in rows] == [("sac", "32"), ("sac", "64")]
    assert 0.0 < float(rows[0]["seconds"]) < float(rows[1]["seconds"])
    assert all(0.0 <= float(row["route_completion"]) <= 1.0 for row in rows)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--algorithms", "td3,dqn"), "dqn: must be some of td3,sac,ppo"),
        (("--scenario", "nowhere"), "Could not find 'scenario/nowhere' in conf/"),
        (("--every", "0"), "0: must be an integer of at least 1"),
    ],
)
def test_what_is_wrong_is_said_before_anything_starts(tmp_path, options, words):
    done = run(*options, cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert words in done.stderr.splitlines()[-1]
