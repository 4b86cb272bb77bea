"""Folders of version 0.1.0 can be reported, gated, diagnosed and compared."""

import json
import shutil
from pathlib import Path

import pytest

from av_td3.cli.tools import main
from av_td3.diagnostics.recorded_run import read_run
from av_td3.report.page import plots_of
from av_td3.report.sweep import read_sweep
from av_td3.runs.episodes import EpisodeRow, read_episodes
from av_td3.runs.trajectories import evaluations, read_trajectories
from tests.diagnostics.logs import growing, healthy
from tests.report.folders import write_log

CONFIG = Path(__file__).parent / "version_0_1_0" / "config.yaml"
FILES = {
    ".lock": "pid 4242 on node7",
    "overrides.yaml": "- experiment=validation_5k\n- seed=0\n",
    ".hydra/overrides.yaml": "- experiment=validation_5k\n- seed=0\n",
    "status.json": """{
  "state": "done",
  "step": 5000,
  "verdict": "GO",
  "error": null,
  "reason": null,
  "alerts": {},
  "restarts": 1,
  "pid": 4242,
  "host": "node7",
  "time": "2026-11-01T12:00:00+0000"
}
""",
    "environment.json": '{\n  "command": "launch.py",\n  "python": "3.11.7",\n  "av-td3": "0.1.0",\n  "torch": "2.9.0"\n}\n',
    "map.json": '{"lanes": [[[0.0, 0.0], [120.0, 0.0], [240.0, 0.0]], [[0.0, 4.0], [120.0, 4.0]]]}\n',
    "episodes.csv": "episode,step,ending,length,reward,route_completion,distance,speed,lane_invasions\r\n"
    "0,75,off_road,75,-11.773871818285878,0.03129920959472656,6.2598419189453125,0.8705669915841044,1\r\n"
    "1,231,goal,156,18.330206167474934,1.0,200.0,4.5,0\r\n",
    "drives.csv": "purpose,step,episode,x,y,steer,pedal\r\n"
    "training,75,0,261.999,-391.75,0.779,0.114\r\n"
    "training,75,0,261.995,-391.751,0.779,0.114\r\n"
    "evaluation,5000,0,262.0,-391.0,0.1,0.5\r\n"
    "evaluation,5000,0,262.5,-391.0,0.1,0.5\r\n",
}


def write_version_0_1_0(folder, scalars):
    write_log(folder / "tensorboard", scalars)
    (folder / ".hydra").mkdir()
    (folder / "checkpoints").mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content.encode())
    shutil.copy(CONFIG, folder / "config.yaml")
    return folder


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """Two runs: one healthy, one whose actor loss explodes."""
    folder = tmp_path_factory.mktemp("sweep")
    write_version_0_1_0(folder / "0", healthy())
    write_version_0_1_0(folder / "1", healthy() | {"train/actor_loss": growing(10.0, 1e7)})
    return folder


def test_everything_in_it_is_read(sweep):
    run = read_run(sweep / "0")
    assert run.problems == run.invalid == []
    assert run.setting("algorithm.gradient_clipping.actor_max_norm") == 1.0
    assert (run.status["state"], run.status["restarts"]) == ("done", 1)
    assert read_episodes(sweep / "0")[1] == EpisodeRow(1, 231, "goal", 156, 18.330206167474934, 1.0, 200.0, 4.5, 0)
    trajectories = read_trajectories(sweep / "0")
    assert trajectories[0].positions.tolist() == [[261.999, -391.75], [261.995, -391.751]]
    assert [[t.step for t in group] for group in evaluations(trajectories)] == [[5000]]


def test_it_is_gated_and_diagnosed(sweep, capsys):
    assert main(["gate", str(sweep / "0")]) == 0
    assert main(["gate", str(sweep / "1")]) == 1
    capsys.readouterr()
    assert main(["diagnose", "--json", str(sweep / "0"), str(sweep / "1")]) == 0
    good, bad = json.loads(capsys.readouterr().out)
    assert [finding["rule"] for finding in good["findings"] if finding["severity"] != "info"] == []
    assert bad["verdict"] == "NO-GO"


def test_its_report_shows_all_of_it(sweep, tmp_path):
    assert main(["report", str(sweep / "0"), "--output", str(tmp_path)]) == 0
    said = json.loads((tmp_path / "report.json").read_text())
    assert said["verdict"] == "GO"
    assert said["environment"]["av-td3"] == "0.1.0"
    assert said["config"]["total_steps"] == 5000
    plots, missing = plots_of(read_run(sweep / "0"))
    assert missing == []
    assert (tmp_path / "report.html").read_text().count("<svg") >= len(plots)


def test_it_stands_in_comparisons_and_sweeps(sweep, tmp_path):
    assert main(["compare", str(sweep / "0"), str(sweep / "1"), "--output", str(tmp_path)]) == 0
    assert [(run.state, run.restarts, run.error) for run in read_sweep(sweep).runs] == [("done", 1, "")] * 2
