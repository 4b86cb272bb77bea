"""The forecast of ``av-td3 doctor``, compared with a real run."""

import os
import subprocess
import sys
import time

from av_td3.doctor.check import State
from av_td3.doctor.forecast import check_forecast
from av_td3.doctor.isolation import isolated
from tests.conftest import ROOT

FACTOR = 1.5  # that docs/doctor.md states
RUN = ("experiment=micro_500", "network=small_cnn", "scenario.npc_vehicles=5", "hardware=cpu", "hardware.threads=1")


def test_a_short_run_takes_what_was_forecast(compose_config, tmp_path):
    began = time.monotonic()
    checks = list(isolated("forecast", check_forecast, compose_config(*RUN), began, tmp_path, None, limit=120.0))
    assert [(check.name, check.state) for check in checks] == [("time", State.OK), ("size", State.OK)]
    seconds, disk = checks[0].numbers["seconds"], checks[1].numbers["disk_bytes"]

    began, folder = time.monotonic(), tmp_path / "run"
    launch = [sys.executable, str(ROOT / "launch.py"), f"hydra.run.dir={folder}", *RUN]
    subprocess.run(launch, cwd=tmp_path, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    taken = time.monotonic() - began
    written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert seconds / FACTOR < taken < seconds * FACTOR
    assert disk / FACTOR < written < disk * FACTOR
