import json
import time

import pytest

from av_td3.runs.live import remove_live
from av_td3.watch.live_state import LiveRun
from tests.watch.frames import frame, run_folder, show


def test_before_the_first_frame_the_status_is_shown(tmp_path):
    content = LiveRun(run_folder(tmp_path)).content(0)
    assert (content["run"], content["state"], content["step"], content["ended"]) == ("run", "running", 40, False)
    assert (content["frame"], content["age"], content["environments"]) == (None, None, [])


def test_a_frame_is_shown_as_it_was_written(tmp_path):
    folder = run_folder(tmp_path)
    show(folder, 40)
    assert LiveRun(folder).content(0)["frame"] == json.loads(frame(40).model_dump_json())


def test_the_age_begins_again_with_each_frame(tmp_path):
    folder = run_folder(tmp_path)
    show(folder, 40)
    run = LiveRun(folder)
    first = run.newest(0)
    time.sleep(0.05)
    same = run.newest(0)
    assert (same.number, same.age >= 0.05) == (first.number, True)
    show(folder, 41)
    assert run.newest(0).number != first.number
    assert run.newest(0).age < 0.05


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"step": 1}', b"\xff" * 100])
def test_a_damaged_frame_is_none(tmp_path, damage):
    folder = run_folder(tmp_path)
    show(folder, 40)
    (folder / "live" / "env-0.json").write_bytes(damage)
    assert LiveRun(folder).content(0)["frame"] is None


def test_only_raised_alerts_are_shown(tmp_path):
    alerts = {"dead_gradient": {"active": True}, "q_divergence": {"active": False}, "odd": 5}
    assert LiveRun(run_folder(tmp_path, alerts=alerts)).content(0)["alerts"] == ["dead_gradient"]


@pytest.mark.parametrize(("state", "ended"), [("queued", False), ("running", False), ("done", True), ("failed", True)])
def test_a_run_that_was_stopped_for_good_has_ended(tmp_path, state, ended):
    assert LiveRun(run_folder(tmp_path, state)).has_ended is ended


def test_an_ended_run_is_not_watched(tmp_path):
    folder = run_folder(tmp_path, "done")
    LiveRun(folder).keep_watching()
    assert not (folder / "live").exists()


def test_frames_that_were_removed_are_gone(tmp_path):
    folder = run_folder(tmp_path)
    show(folder, 40)
    remove_live(folder)
    assert LiveRun(folder).newest(0) is None
