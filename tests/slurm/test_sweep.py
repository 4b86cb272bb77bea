"""Sweeps on a real SLURM: two nodes, each with capacity for one job."""

import csv
import json
import time

from omegaconf import OmegaConf

from tests.slurm.sweeps import NORM, OURS, RATE, output, submitted
from tests.system.runs import until


def states(folder):
    return {path.parent.name: json.loads(path.read_text())["state"] for path in folder.glob("*/status.json")}


def test_six_runs_two_at_a_time_are_all_done(lab, tmp_path):
    folder = tmp_path / "sweep"
    at_once = 0
    with submitted(lab, folder, *OURS, "hardware.slurm.parallel=2", f"{NORM}=1,10", f"{RATE}=1e-4,3e-4,1e-3") as launching:
        until(lambda: len(states(folder)) == 6, "all jobs in the sweep summary", 60.0)
        assert set(states(folder).values()) <= {"queued", "running"}  # before they start
        while launching.poll() is None:
            at_once = max(at_once, list(lab.jobs().values()).count("RUNNING"))
            time.sleep(0.5)
        assert launching.returncode == 0, output(folder)
    assert at_once == 2
    assert states(folder) == {str(number): "done" for number in range(6)}
    rows = list(csv.DictReader((folder / "sweep.csv").open()))
    assert [(row[NORM], row[RATE]) for row in rows] == [(n, r) for n in ("1", "10") for r in ("0.0001", "0.0003", "0.001")]
    assert all(row["verdict"] and row["evaluation reward"] for row in rows)
    assert OmegaConf.load(folder / "multirun.yaml").hydra.launcher._target_.endswith("SlurmLauncher")
    assert "6 runs: 6 done" in output(folder)
    assert (folder / "sweep.html").read_text().count("<svg") == 1
    assert (folder / "3" / "report.html").is_file()


def test_one_raises_one_is_cancelled_and_the_other_four_finish(lab, tmp_path):
    folder = tmp_path / "sweep"
    fine = "av_td3.env.reward.Progress"
    terms = f"reward.terms.progress._target_={fine},tests.env.terms.NonFinite,{fine},{fine},{fine},{fine}"
    launcher = ("hydra/launcher=submitit_slurm", "hydra.launcher.mem_gb=3", "hydra.launcher.timeout_min=30")  # the plain plugin
    with submitted(lab, folder, *launcher, terms, "total_steps=70") as launching:
        until(lambda: states(folder).get("1") == "failed", "the job that raises", 90.0)
        pending = next(job for job, state in lab.jobs().items() if job.endswith("_4"))
        lab.run("scancel", pending)
        assert launching.wait(timeout=200) == 1, output(folder)
    found = states(folder)
    assert {number for number, state in found.items() if state == "done"} == {"0", "2", "3", "5"}
    printed = output(folder)
    assert "reward term progress is nan" in printed
    assert "4: its job was cancelled or killed; it never started" in printed
    assert "6 runs: 4 done, 2 failed" in printed
    rows = {row["run"]: row for row in csv.DictReader((folder / "sweep.csv").open())}
    assert rows["4"]["state"] == "failed"
    assert "Traceback" in (folder / "1" / "run.log").read_text()
