"""Several runs, or several files of one run, in one folder."""

from pathlib import Path

import pytest

from av_td3.runs.scalars import read_log, read_runs
from tests.runs.event_files import scalar_event, start_event, write_curves, write_events

REAL_LOGS = Path(__file__).resolve().parents[3] / "shared" / "foreign-logs" / "real"
TAGS = ("loss", "reward")


def steps_of(log, tag="loss"):
    return log.scalars[tag].steps.tolist()


def test_runs_that_each_start_at_zero_are_told_apart_and_the_newest_of_the_longest_is_judged(tmp_path):
    write_curves(tmp_path, TAGS, range(0, 990, 10), second=1, value=1.0)
    second = write_curves(tmp_path, TAGS, range(0, 960, 10), second=2, value=2.0)
    write_curves(tmp_path, TAGS, range(0, 60, 10), second=3, value=3.0)
    runs = read_runs(tmp_path)
    assert [steps_of(run)[-1] for run in runs] == [980, 950, 50]
    assert [run.part for run in runs] == [f"events.out.tfevents.{n}.host.1" for n in (1, 2, 3)]
    assert [run.files for run in runs] == [(run.part,) for run in runs]
    log = read_log(tmp_path)
    assert set(log.scalars["loss"].values) == {2.0}
    assert log.problems == [
        f"3 runs share this folder (up to step 980, 950 and 50); judged is {second.name}; pass an event file to choose another"
    ]
    assert read_log(second).problems == []


def test_an_earlier_run_that_reached_further_is_judged(tmp_path):
    write_curves(tmp_path, TAGS, range(0, 1000, 10), second=1, value=1.0)
    write_curves(tmp_path, TAGS, range(0, 900, 10), second=2, value=2.0)
    assert set(read_log(tmp_path).scalars["loss"].values) == {1.0}


@pytest.mark.parametrize(("start", "runs"), [(0, 2), (50, 2), (60, 1), (700, 1), (1010, 1)])
def test_a_file_that_starts_after_the_first_twentieth_resumes(tmp_path, start, runs):
    write_curves(tmp_path, TAGS, range(0, 1001, 10), second=1)
    write_curves(tmp_path, TAGS, range(start, 1500, 10), second=2)
    found = read_runs(tmp_path)
    assert len(found) == runs
    assert (found[0].part == "") == (runs == 1)
    if runs == 1:
        assert steps_of(found[0]) == sorted(set(range(0, min(start, 1001), 10)) | set(range(start, 1500, 10)))


def test_the_share_is_of_the_steps_that_the_run_has_not_of_all_from_zero(tmp_path):
    write_curves(tmp_path, TAGS, range(501, 927), second=1)
    write_curves(tmp_path, TAGS, range(510, 600), second=2)
    assert len(read_runs(tmp_path)) == 2


def test_files_without_a_common_tag_are_of_one_run(tmp_path):
    write_curves(tmp_path, ["loss"], range(0, 100, 10), second=1)
    write_curves(tmp_path, ["eval"], range(0, 100, 50), second=2)
    (log,) = read_runs(tmp_path)
    assert sorted(log.scalars) == ["eval", "loss"]
    assert len(log.files) == 2


def test_two_writers_of_two_runs_make_two_runs(tmp_path):
    for second, (tag, first, last) in enumerate((("loss", 0, 100), ("eval", 0, 100), ("loss", 0, 60), ("eval", 20, 60))):
        write_curves(tmp_path, [tag], range(first, last, 10), second=second)
    runs = read_runs(tmp_path)
    assert [len(run.files) for run in runs] == [2, 2]
    assert [(steps_of(run)[-1], steps_of(run, "eval")[-1]) for run in runs] == [(90, 90), (50, 50)]


def test_only_common_tags_say_where_a_file_starts(tmp_path):
    write_curves(tmp_path, TAGS, range(0, 1000, 10), second=1)
    events = [scalar_event("started", 0, 1.0), *(scalar_event("loss", step, 2.0) for step in range(500, 600, 10))]
    write_events(tmp_path / "events.out.tfevents.2.host.1", events)
    assert len(read_runs(tmp_path)) == 1


def test_a_run_resumes_the_one_that_reached_its_start(tmp_path):
    write_curves(tmp_path, TAGS, range(0, 1000, 10), second=1)
    write_curves(tmp_path, TAGS, range(0, 60, 10), second=2)
    write_curves(tmp_path, TAGS, range(200, 1200, 10), second=3)
    assert [steps_of(run)[-1] for run in read_runs(tmp_path)] == [1190, 50]


def test_files_that_are_joined_without_saying_so_themselves_are_named(tmp_path):
    write_curves(tmp_path, ["loss"], range(0, 100, 10), second=1)
    write_curves(tmp_path, ["loss"], range(90, 200, 10), second=2)
    write_curves(tmp_path, ["other"], range(0, 200, 10), second=3)  # another writer of the same run
    assert read_log(tmp_path).problems == ["3 event files are read as one run, which was resumed at 90"]


def test_a_file_that_says_where_it_starts_resumes_even_from_the_first_step(tmp_path):
    write_curves(tmp_path, TAGS, range(1, 100), second=1)
    write_events(tmp_path / "events.out.tfevents.2.host.1", [start_event(1), scalar_event("loss", 2, 1.0)])
    (log,) = read_runs(tmp_path)
    assert {tag: series.steps.tolist() for tag, series in log.scalars.items()} == {"loss": [2]}
    assert log.problems == []


def test_a_start_without_a_scalar_still_replaces(tmp_path):
    write_curves(tmp_path, TAGS, range(100), second=1)
    write_events(tmp_path / "events.out.tfevents.2.host.1", [start_event(50)])
    assert steps_of(read_log(tmp_path)) == list(range(50))


def test_an_empty_file_is_a_problem_of_each_run_and_none_itself(tmp_path):
    write_curves(tmp_path, TAGS, range(0, 100, 10), second=1)
    (tmp_path / "events.out.tfevents.2.host").touch()
    write_curves(tmp_path, TAGS, range(0, 100, 10), second=3)
    assert [run.problems for run in read_runs(tmp_path)] == [["events.out.tfevents.2.host is empty"]] * 2


def test_many_runs_are_named_in_one_short_line(tmp_path):
    for second in range(40):
        write_curves(tmp_path, TAGS, range(0, 100, 10), second=second)
    assert read_log(tmp_path).problems[0].startswith("40 runs share this folder (up to step 90, 90, 90, 90, 90 and 35 more);")


@pytest.mark.parametrize(("name", "files"), [("L14", 2), ("L22", 3)])
def test_real_resumed_runs_stay_one(name, files):
    if not REAL_LOGS.is_dir():
        pytest.skip("the published logs are not here")
    (log,) = read_runs(REAL_LOGS / name)
    assert len(log.files) == files
