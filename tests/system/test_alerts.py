"""A failing run: its output and its end."""

import json
import re
import subprocess
import sys
from math import isfinite

import pytest

from tests.conftest import ROOT
from tests.system.runs import SMALL, status

EXPLODING = (
    *("network=nature_cnn_plain", "network.gradient_routing=entangled", "algorithm.pre_tanh_penalty=0"),
    *(f"algorithm.{name}=1e-3" for name in ("actor_lr", "actor_cnn_lr", "critic_lr", "critic_cnn_lr")),
    *("logging.every_updates=5", "evaluation.every_steps=1000", "gate.min_updates=10"),
)


@pytest.fixture(scope="module")
def exploded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exploding") / "run"
    stop = "alerts.stop_on=[dead_gradient]"
    command = [sys.executable, str(ROOT / "launch.py"), f"hydra.run.dir={folder}", *SMALL, *EXPLODING, stop]
    return folder, subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=folder.parent)


def test_alerts_are_printed_as_they_begin_and_the_chosen_one_ends_the_run(exploded):
    folder, done = exploded
    assert done.returncode == 0, done.stdout + done.stderr
    onsets = re.findall(r"ALERT at step (\d+): (\w+), raised", done.stdout)
    names = [name for _, name in onsets]
    assert {"actor_critic_disagreement", "action_saturation", "dead_gradient"} <= set(names)
    written = status(folder)
    assert written["state"] == "done"
    assert written["reason"] == "ended early by alerts.stop_on: dead_gradient"
    assert written["step"] == int(onsets[-1][0]) < 500
    assert {name: alert["onsets"] for name, alert in written["alerts"].items()} == {name: names.count(name) for name in names}
    assert written["alerts"]["dead_gradient"]["active"]
    assert "ended early by alerts.stop_on: dead_gradient" in done.stdout


def test_it_ends_with_its_verdict_the_cause_and_a_report(exploded):
    folder, done = exploded
    assert status(folder)["verdict"] == "NO-GO"
    assert "verdict: NO-GO" in done.stdout
    assert "1. feature_exploitation  (critical)" in done.stdout
    content = json.loads((folder / "report.json").read_text())
    assert content["findings"][0]["rule"] == "feature_exploitation"
    assert content["status"]["state"] == "done"
    assert content["environment"]["torch"]
    assert "launch.py" in content["environment"]["command"]
    page = (folder / "report.html").read_text()
    assert page.count("<svg") >= 10
    assert f"report       {folder / 'report.html'}" in done.stdout


def test_where_it_drove_is_kept(exploded):
    folder, _ = exploded
    rows = (folder / "trajectories.csv").read_text().splitlines()
    assert rows[0] == "purpose,step,episode,x,y,steer,pedal"
    assert {row.split(",")[0] for row in rows[1:]} == {"training"}
    numbers = [[float(cell) for cell in row.split(",")[1:]] for row in rows[1:]]
    assert all(isfinite(number) for row in numbers for number in row)
    lanes = json.loads((folder / "map.json").read_text())["lanes"]
    assert len(lanes) > 20
    assert all(len(point) == 2 for lane in lanes for point in lane)
