"""The option of the guide can be used in a run."""

import os
import subprocess
import sys

from av_td3.runs.status import read_status
from tests.conftest import ROOT
from tests.docs.briefly import BRIEF
from tests.docs.printed import blocks


def test_an_option_of_ones_own_takes_part_in_a_run(tmp_path):
    shown = [block.text for block in blocks() if block.language in ("python", "yaml")]
    for name in ("my_car/comfort.py", "conf/reward/comfort.yaml"):
        (text,) = (text for text in shown if text.startswith(f"# {name}\n"))
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    brief = [f"{key}={value}" for key, value in BRIEF.items()]
    command = [sys.executable, "-m", "av_td3", "train", "--config-dir", "conf", "reward=comfort", *brief]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = (tmp_path / "outputs").glob("*/*")
    assert read_status(run, [])["state"] == "done"
    assert "reward/comfort" in (run / "report.json").read_text()
