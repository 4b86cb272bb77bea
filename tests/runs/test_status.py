import json
import os

import pytest

from av_td3.runs.lock import alone_in
from av_td3.runs.status import DONE, FAILED, QUEUED, RUNNING, RunStatus, mark_lost_job, read_status, write_queued


def test_what_a_run_says_is_read_by_others(tmp_path):
    status = RunStatus(tmp_path)
    status.alerts = {"dead_gradient": {"updates": 3}}
    status.write(RUNNING, 40)
    status.write(DONE, 50, verdict="GO")
    problems = []
    said = read_status(tmp_path, problems)
    assert problems == []
    assert (said["state"], said["step"], said["verdict"], said["error"], said["restarts"]) == ("done", 50, "GO", None, 0)
    assert said["alerts"] == {"dead_gradient": {"updates": 3}}  # until others are written
    assert said["pid"] == os.getpid()


def test_a_process_that_takes_over_counts_as_a_restart_but_not_the_first_of_a_queued_job(tmp_path):
    write_queued(tmp_path, ["seed=1"])
    first = RunStatus(tmp_path)
    assert (first.restarts, first.earlier["overrides"]) == (0, ["seed=1"])
    first.write(RUNNING, 7)
    second = RunStatus(tmp_path)
    assert (second.restarts, second.earlier["step"]) == (1, 7)
    second.write(FAILED, 9)
    second.put_back()
    assert read_status(tmp_path, []) == second.earlier


def test_restarts_of_the_simulator_add_up_over_the_processes_of_a_run(tmp_path):
    for restarts in (2, 3):
        status = RunStatus(tmp_path)
        status.simulator_restarts = restarts
        status.write(RUNNING, 40)
    assert read_status(tmp_path, [])["simulator_restarts"] == 5


def test_a_job_is_queued_once(tmp_path):
    RunStatus(tmp_path).write(DONE, 5)
    write_queued(tmp_path, [])
    assert read_status(tmp_path, [])["state"] == DONE


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[]", "status.json cannot be read: not a JSON object"),
        (b"{", "status.json cannot be read: Expecting property name"),
        (b'{"step": "x"}', 'status.json: step is "x", not int; ignored'),
        (b'{"step": true}', "status.json: step is true, not int; ignored"),
    ],
)
def test_what_is_damaged_is_left_out_and_named(tmp_path, content, problem):
    (tmp_path / "status.json").write_bytes(content)
    problems = []
    assert read_status(tmp_path, problems) == {}
    assert len(problems) == 1
    assert problems[0].startswith(problem)
    assert RunStatus(tmp_path).earlier == {}


@pytest.mark.parametrize(
    ("state", "step", "was"),
    [(QUEUED, 0, "never started"), (QUEUED, 30, "was last at step 30"), (RUNNING, 0, "was last at step 0")],
)
def test_a_job_that_left_the_queue_without_a_word_has_failed(tmp_path, state, step, was):
    RunStatus(tmp_path).write(state, step)
    before = read_status(tmp_path, [])
    mark_lost_job(tmp_path)
    error = f"its job was cancelled or killed; it {was}"
    assert json.loads((tmp_path / "status.json").read_text()) == before | {"state": "failed", "error": error}


def test_a_job_that_has_ended_or_in_whose_folder_somebody_works_is_not_lost(tmp_path):
    (tmp_path / "ended").mkdir()
    RunStatus(tmp_path / "ended").write(DONE, 5)
    write_queued(tmp_path / "busy", [])
    (tmp_path / "empty").mkdir()
    with alone_in(tmp_path / "busy", lambda: None):
        for name in ("ended", "busy", "empty"):
            mark_lost_job(tmp_path / name)
    assert [read_status(tmp_path / name, []).get("state") for name in ("ended", "busy", "empty")] == ["done", "queued", None]
