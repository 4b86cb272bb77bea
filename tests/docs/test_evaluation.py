"""The printed commands that evaluate, watch, and draw routes."""

import re
import signal
import subprocess

import pytest

from av_td3.config.route_set import load_route_set
from av_td3.runs.evaluation_folder import read_evaluation_folder
from tests.docs.conftest import SHELL, environment
from tests.docs.kinds import of_kind
from tests.watch.frames import run_folder, show

WRITTEN = ("episodes.csv", "trajectories.csv", "evaluation.json", "evaluation.html", "table.tex", "map.json")


@pytest.mark.parametrize(**of_kind("evaluate"))
def test_an_evaluation_ends_with_its_page(script, type_in, checkout):
    type_in(script)
    (folder,) = (path.parent for path in checkout.rglob("evaluation.json"))
    assert folder.parent.name == "evaluation" or folder.parent.parent.name == "outputs"
    assert all((folder / name).stat().st_size > 0 for name in WRITTEN)
    recorded = read_evaluation_folder(folder)
    assert len(recorded.episodes) == recorded.evaluation.routes.count * recorded.evaluation.repeats
    videos = list(folder.glob("videos/*.mp4"))
    assert len(videos) == (len(recorded.episodes) if "--video" in script.words else 0)


@pytest.mark.parametrize(**of_kind("watch"))
def test_a_running_run_is_shown_until_ctrl_c(script, checkout):
    run_folder(checkout).rename(checkout / "RUN")
    show(checkout / "RUN", 1)
    process = subprocess.Popen(
        ["bash", "-c", f"{SHELL}exec {script.last}"],
        cwd=checkout,
        env=environment(checkout),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert re.match(r"watch RUN at http://127\.0\.0\.1:\d+/", process.stdout.readline())
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(**of_kind("draw routes"))
def test_routes_are_drawn_as_a_file_of_a_set(script, type_in, tmp_path):
    (tmp_path / "drawn.yaml").write_text(type_in(script).stdout)
    assert len(load_route_set(str(tmp_path / "drawn.yaml")).routes) == 20
