"""``av-td3 sweep DIR --cancel-doomed``, with stand-ins for SLURM's commands; tests/slurm cancels real jobs."""

import json

import pytest

from av_td3.cli.cancel_doomed import cancel_doomed
from av_td3.runs.sweep_folder import SlurmJobs, read_slurm_jobs, write_slurm_jobs

DIVERGED = {"q_divergence": {"active": True, "since": 800, "last": 2000, "onsets": 1, "updates": 900, "quiet": 0}}
REASON = "q_divergence from step 800 to 2000"


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """Four jobs: one at work, one that has diverged, one that has finished after it diverged, one that waits."""
    states = [("running", {}), ("running", DIVERGED), ("done", DIVERGED), ("queued", {})]
    for number, (state, alerts) in enumerate(states):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "status.json").write_text(json.dumps({"state": state, "step": 2000, "alerts": alerts}))
    jobs = {str(number): [f"13_{number}"] for number in range(4)}
    write_slurm_jobs(tmp_path, SlurmJobs(cluster="lab", jobs=jobs, cancelled={}))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "bin").mkdir()
    put(tmp_path, "scontrol", "echo 'ClusterName             = lab'")
    put(tmp_path, "squeue", "echo 13_0; echo 13_1; echo 13_2; echo 13_3")
    put(tmp_path, "scancel", f'echo "$@" >> {tmp_path}/cancelled')
    return tmp_path


def put(folder, name, line):
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
    (folder / "bin" / name).chmod(0o755)


def cancelled(sweep):
    return (sweep / "cancelled").read_text().splitlines() if (sweep / "cancelled").exists() else []


def test_a_lost_job_is_cancelled_by_the_number_of_its_element_and_the_others_are_kept(sweep, capsys):
    assert cancel_doomed(sweep) == 0
    assert cancelled(sweep) == ["13_1"]
    assert capsys.readouterr().out.splitlines() == [
        "0: kept, running, no alert says that it is lost",
        f"1: cancelled 13_1: {REASON}",
        "2: kept, done",
        "3: kept, queued, no alert says that it is lost",
    ]
    assert read_slurm_jobs(sweep).cancelled == {"1": REASON}


def test_a_second_call_finds_the_job_gone(sweep, capsys):
    cancel_doomed(sweep)
    put(sweep, "squeue", "echo 13_0; echo 13_3")
    capsys.readouterr()
    assert cancel_doomed(sweep) == 0
    assert f"1: kept, its job is no longer in the queue ({REASON})" in capsys.readouterr().out
    assert cancelled(sweep) == ["13_1"]


def test_a_job_that_slurm_does_not_cancel_is_named_and_the_exit_code_says_so(sweep, capsys):
    put(sweep, "scancel", "echo 'scancel: error: Access/permission denied' >&2; exit 1")
    assert cancel_doomed(sweep) == 3
    assert "1: not cancelled: scancel: error: Access/permission denied\n" in capsys.readouterr().out
    assert read_slurm_jobs(sweep).cancelled == {}


def test_a_job_that_was_submitted_again_is_cancelled_where_it_is_in_the_queue(sweep):
    write_slurm_jobs(sweep, SlurmJobs(cluster="lab", jobs={"1": ["9_1", "13_1", "20_1"]}, cancelled={}))
    cancel_doomed(sweep)
    assert cancelled(sweep) == ["13_1"]
