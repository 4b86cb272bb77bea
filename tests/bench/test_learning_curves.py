"""The table from which learning curves are drawn."""

import json
import subprocess
import sys

from tests.conftest import ROOT

HEADER = "learner,step,seconds,driving_score,route_completion,success,reward\n"


def add(table, label, *folders):
    command = [sys.executable, str(ROOT / "bench" / "learning_curves.py"), str(table), "--add", label, *map(str, folders)]
    subprocess.run(command, check=True, timeout=100, cwd=ROOT)
    return table.read_text().splitlines()[1:]


def folder_of_learners(folder, seed, completion):
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps({"seed": seed}))
    (folder / "learning_curve.csv").write_text(HEADER + f"td3,2500,9.0,0.1,{completion},0.0,5.0\n")
    return folder


def test_a_learner_whose_seed_is_added_again_is_replaced(tmp_path):
    table = tmp_path / "curves.csv"
    first, again, other = (
        folder_of_learners(tmp_path / name, *of) for name, of in {"a": (0, 0.2), "b": (0, 0.5), "c": (1, 0.3)}.items()
    )
    add(table, "vector", first, other)
    assert add(table, "vector", again) == ["vector TD3,1,2500,0.3,0,5", "vector TD3,0,2500,0.5,0,5"]
