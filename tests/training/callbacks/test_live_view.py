import base64
import io
import time
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from av_td3.runs.live import Audience, read_frame, stop_watching, touch_watched
from av_td3.training.callbacks import live_view
from av_td3.training.callbacks.live_view import LiveView, _as_png, _thinned
from tests.training.fakes import END, at, configured
from tests.training.scripted_run import ScriptedRun


def made(folder, *episodes, steps, before=()):
    """A run whose only callbacks are the live view and those that come before it."""
    callbacks = {f"before_{index}": callback for index, callback in enumerate(before)} | {"live": LiveView()}
    config = configured(total_steps=steps, algorithm={"learning_starts": 1})  # each action after the first differs
    return ScriptedRun(config.model_copy(update={"callbacks": callbacks}), folder, episodes)


def decoded(image):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image))))


def test_a_run_that_nobody_watches_writes_nothing(tmp_path):
    made(tmp_path, range(9), steps=5).train()
    assert not (tmp_path / "live").exists()


def test_a_watched_run_shows_the_step_as_the_policy_gets_it(tmp_path):
    run = made(tmp_path, [1.5, 2.5, END], steps=2)
    touch_watched(tmp_path)
    run.train()
    frame = read_frame(tmp_path, 0)
    assert (frame.step, frame.total_steps, frame.episode, frame.episode_step) == (2, 2, 0, 2)
    assert (frame.reward, frame.episode_reward, frame.terms) == (2.5, 4.0, {"progress": 2.5})
    assert (frame.speed, frame.position, frame.trail) == (4.0, (0.0, 0.0), [(0.0, 0.0)] * 2)
    assert (frame.ending, frame.route_completion) == ("goal", 0.5)
    assert set(frame.action) == {"steering", "pedal"}
    assert np.all(decoded(frame.image) == run.env._count)
    assert decoded(frame.image).shape == (84, 84, 3)


def test_the_action_is_the_one_that_led_to_the_frame_and_not_the_next_one(tmp_path):
    seen = []
    run = made(tmp_path, range(9), steps=2, before=[at(2, lambda _: seen.append(read_frame(tmp_path, 0)))])
    touch_watched(tmp_path)
    run.train()
    stored = run.replay.sample(50, np.random.default_rng(0))
    first = stored.action[np.flatnonzero(np.asarray(stored.reward) == 0.0)[0]]  # rewards are 0 and 1
    assert seen[0].step == 1
    assert list(seen[0].action.values()) == pytest.approx(first.tolist())


def test_within_an_episode_the_part_of_the_route_is_shown(tmp_path):
    run = made(tmp_path, range(9), steps=1)
    touch_watched(tmp_path)
    run.train()
    frame = read_frame(tmp_path, 0)
    assert (frame.ending, frame.route_completion) == (None, 1.0 / 8.0)


def test_the_episode_before_is_named(tmp_path):
    run = made(tmp_path, [3.0, END], [1.0, END], steps=2)
    touch_watched(tmp_path)
    run.train()
    previous = read_frame(tmp_path, 0).previous
    assert (previous.episode, previous.ending, previous.reward, previous.route_completion) == (0, "goal", 3.0, 0.5)


def test_frames_are_written_at_most_every_tenth_of_a_second(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(live_view, "write_frame", lambda *_: written.append(time.monotonic()))
    run = made(tmp_path, range(99), steps=50)
    touch_watched(tmp_path)
    run.train()
    assert written
    assert all(after - before > 0.09 for before, after in pairwise(written))


def test_a_number_that_is_not_finite_is_left_out(tmp_path):
    run = made(tmp_path, [float("nan"), END], steps=1)
    touch_watched(tmp_path)
    run.train()
    assert read_frame(tmp_path, 0).terms == {"progress": None}


def test_a_failed_write_is_noted_once_and_ends_nothing(tmp_path):
    (tmp_path / "live").mkdir()
    run = made(tmp_path, [1, END], [2, END], [3, END], steps=3)
    touch_watched(tmp_path)
    (tmp_path / "live" / "env-0.json").mkdir()  # where the file should be
    run.train()
    assert run.trainer.step == 3
    assert [line.partition(":")[0] for line in run.notes.lines] == ["av-td3 watch gets no more frames of this run"]


def test_nothing_is_left_at_the_end_nor_of_a_process_that_was_killed(tmp_path):
    touch_watched(tmp_path)
    run = made(tmp_path, range(9), steps=2)
    assert not (tmp_path / "live").exists()
    touch_watched(tmp_path)
    run.train()
    run.trainer._callbacks["live"].close()
    assert not (tmp_path / "live").exists()


def test_nothing_of_it_is_in_a_checkpoint(tmp_path):
    run = made(tmp_path, range(9), steps=2)
    touch_watched(tmp_path)
    run.train()
    assert run.trainer.state_dict()["callbacks"]["live"] == {}


def test_somebody_watches_until_ten_seconds_after_the_last_touch_whatever_the_clocks_say(tmp_path):
    audience = Audience(tmp_path)
    assert not audience.is_present(100.0)
    touch_watched(tmp_path)
    assert not audience.is_present(100.2)  # looks every quarter of a second
    assert audience.is_present(100.3)
    assert audience.is_present(110.2)
    assert not audience.is_present(110.5)
    touch_watched(tmp_path)
    assert audience.is_present(111.0)
    stop_watching(tmp_path)
    assert not audience.is_present(111.3)
    assert list(tmp_path.iterdir()) == []


def test_the_newest_frame_of_each_camera_is_shown_side_by_side():
    gray = np.arange(4, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2)
    assert decoded(_as_png(gray, (1, 1)))[0, :, 0].tolist() == [2, 2, 3, 3]
    rgb = np.arange(6, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2)
    assert decoded(_as_png(rgb, (3,)))[0, 0].tolist() == [3, 4, 5]


@pytest.mark.parametrize("count", [1, 2, 499, 500, 501, 12_345])
def test_a_long_trail_is_thinned_and_keeps_both_ends(count):
    trail = [(float(index), 0.0) for index in range(count)]
    thinned = _thinned(trail)
    assert len(thinned) <= 501
    assert (thinned[0], thinned[-1]) == (trail[0], trail[-1])
    assert thinned == sorted(set(thinned))
