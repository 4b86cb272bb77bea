import json

import pytest

from av_td3.config.errors import ConfigError
from av_td3.runs.sweep_folder import SlurmJobs, read_code, read_slurm_jobs, write_code, write_slurm_jobs


def test_what_a_sweep_was_submitted_with_is_written_and_read(tmp_path):
    assert read_code(tmp_path) is None
    write_code(tmp_path / "sweep", "abc", [["seed=0"], ["seed=1"]], ["a", "b"])
    assert read_code(tmp_path / "sweep") == {"digest": "abc", "jobs": [["seed=0"], ["seed=1"]], "folders": ["a", "b"]}


@pytest.mark.parametrize("content", ["", "[]", '{"jobs": 5}'])
def test_a_damaged_record_is_refused_and_says_what_to_do(tmp_path, content):
    (tmp_path / "code.json").write_text(content)
    with pytest.raises(ConfigError, match=r"code\.json cannot be read: .*; delete it to continue the sweep"):
        read_code(tmp_path)


def test_the_slurm_jobs_of_a_sweep_are_written_and_read(tmp_path):
    assert read_slurm_jobs(tmp_path) is None
    submitted = SlurmJobs(cluster="lab", jobs={"0": ["13_0", "48"]}, cancelled={})
    write_slurm_jobs(tmp_path, submitted)
    assert read_slurm_jobs(tmp_path) == submitted


@pytest.mark.parametrize("job", ["--user=root", "13_[0-4]", "13,14", ""])
def test_an_id_that_slurm_could_take_for_something_else_is_refused(tmp_path, job):
    (tmp_path / "slurm_jobs.json").write_text(json.dumps({"cluster": "lab", "jobs": {"0": [job]}, "cancelled": {}}))
    with pytest.raises(ConfigError, match=r"slurm_jobs\.json: jobs\.0=.*: must be an id such as 13 or 13_7$"):
        read_slurm_jobs(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"jobs": {}}'])
def test_a_damaged_record_of_slurm_jobs_is_refused_by_name(tmp_path, content):
    (tmp_path / "slurm_jobs.json").write_text(content)
    with pytest.raises(ConfigError, match=r"slurm_jobs\.json"):
        read_slurm_jobs(tmp_path)
