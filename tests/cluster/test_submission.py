"""Without SLURM; tests/slurm asks a real one."""

import pytest

from av_td3.cluster.submission import queue_state, record_submission
from av_td3.runs.sweep_folder import read_slurm_jobs, write_code


@pytest.fixture(autouse=True)
def _no_slurm(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def test_jobs_are_recorded_by_their_folders_and_those_of_a_second_submission_are_added(tmp_path):
    write_code(tmp_path, "abc", [["seed=5"], ["seed=6"], ["seed=7"]], ["seed_5", "seed_6", "seed_7"])
    record_submission(tmp_path, 0, ["13_0", "13_1"])
    record_submission(tmp_path, 2, ["14"])
    record_submission(tmp_path, 0, ["20_0", "20_1"])
    submitted = read_slurm_jobs(tmp_path)
    assert submitted.jobs == {"seed_5": ["13_0", "20_0"], "seed_6": ["13_1", "20_1"], "seed_7": ["14"]}
    assert submitted.cluster is None


def test_jobs_that_a_sweeper_chooses_later_are_recorded_by_their_numbers(tmp_path):
    record_submission(tmp_path, 3, ["13_0", "13_1"])
    assert read_slurm_jobs(tmp_path).jobs == {"3": ["13_0"], "4": ["13_1"]}


def test_where_slurm_cannot_be_asked_no_job_is_said_to_have_ended(tmp_path):
    assert queue_state(tmp_path) == ({}, [])  # of a sweep that SLURM has never had
    record_submission(tmp_path, 0, ["13_0"])
    ended, notes = queue_state(tmp_path)
    assert ended == {}
    assert notes == ["SLURM cannot be asked from here: a job that was killed or cancelled is shown as its status.json has it"]
