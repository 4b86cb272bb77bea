import json
import shutil

import numpy as np
import pytest
import torch

from av_td3.errors import RunFailed
from av_td3.training.checkpoint import Checkpoints, read_manifest
from tests.test_replay import fill, make, same

SLOTS = 60


class Saved:
    """A run of nothing but its replay and a number, with a checkpoint after every so many steps."""

    def __init__(self, folder, keep=2):
        self.folder, self.keep = folder, keep
        self.replay, self.checkpoints = make(SLOTS), Checkpoints(folder, keep)
        self.rng = np.random.default_rng(0)
        self.notes = []

    def save(self, *steps, scores=None):
        for index, step in enumerate(steps):
            fill(self.replay, self.rng, [7, 5])
            state = {"step": step, "weights": torch.full((2,), float(step)), "rng": self.rng.bit_generator.state}
            self.checkpoints.save(step, state, self.replay, None if scores is None else scores[index])
        return self

    def load(self):
        """As another process would: the state, and the replay it put back."""
        self.notes, replay = [], make(SLOTS)
        return Checkpoints(self.folder, self.keep).load(replay, self.notes.append), replay

    def place(self, step):
        return self.folder / "checkpoints" / f"{step:09d}"

    def steps(self):
        return sorted(int(place.name) for place in (self.folder / "checkpoints").iterdir())


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_newest_checkpoint_is_given_back_with_its_replay(tmp_path):
    run = Saved(tmp_path).save(10, 20, 30)
    state, replay = run.load()
    assert state["step"] == 30
    assert torch.equal(state["weights"], torch.full((2,), 30.0))
    other = np.random.default_rng(5)
    other.bit_generator.state = state["rng"]
    assert other.random() == run.rng.random()
    assert same(replay, run.replay)
    assert run.notes == []


def test_only_the_newest_are_kept_and_the_best(tmp_path):
    run = Saved(tmp_path, keep=2).save(10, 20, 30, 40, scores=[1.0, 9.0, 3.0, 4.0])
    assert run.steps() == [20, 30, 40]
    assert Saved(tmp_path / "unscored").save(10, 20, 30).steps() == [20, 30]


def test_a_checkpoint_writes_what_is_new_only_and_drops_what_the_ring_has_overwritten(tmp_path):
    run = Saved(tmp_path, keep=1).save(*range(10, 200, 10))  # twelve steps each, in a ring of 60 slots
    sizes = [path.stat().st_size for path in (tmp_path / "replay").glob("*.npz")]
    assert len(sizes) <= 6
    assert max(sizes) < 2 * min(sizes)
    _, replay = run.load()
    assert same(replay, run.replay)


def test_where_nothing_was_saved_there_is_nothing_to_load(tmp_path):
    assert Saved(tmp_path).load()[0] is None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda run: flip(run.place(30) / "state.pt"), "state.pt is damaged: its checksum"),
        (lambda run: (run.place(30) / "state.pt").unlink(), "state.pt is missing"),
        (lambda run: (run.place(30) / "manifest.json").write_text('{"format": 1, "st'), "manifest.json cannot be read"),
        (lambda run: (run.place(30) / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda run: (run.place(30) / "manifest.json").write_text("[]"), "manifest.json cannot be read"),
        (lambda run: (run.folder / "replay" / "000003.npz").unlink(), "000003.npz is missing"),
        (lambda run: (run.folder / "replay" / "000003.npz").write_bytes(b"PK"), "has 2 bytes instead of"),
        (lambda run: flip(run.folder / "replay" / "000003.npz"), "000003.npz: cannot be read"),
    ],
)
def test_a_damaged_one_is_named_and_the_one_before_is_taken(tmp_path, damage, words):
    run = Saved(tmp_path).save(10, 20)
    expected = make(SLOTS)
    Checkpoints(tmp_path, 2).load(expected, pytest.fail)
    run.save(30)
    damage(run)
    state, replay = run.load()
    assert state["step"] == 20
    assert same(replay, expected)
    assert len(run.notes) == 1
    assert "000000030 cannot be used" in run.notes[0]
    assert words in run.notes[0]
    assert "\n" not in run.notes[0]
    assert run.steps() == [20]  # the damaged one is in the way of the next that is saved at its step


def test_a_newer_format_is_not_guessed_at(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    path = run.place(20) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    assert run.load()[0]["step"] == 10
    assert "its format is 2, this program writes 1" in run.notes[0]


def test_where_none_can_be_used_nothing_starts_anew_in_silence(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    for step in (10, 20):
        flip(run.place(step) / "state.pt")
    with pytest.raises(RunFailed, match=r"none of the 2 checkpoints in .* can be used"):
        run.load()
    assert run.steps() == [10, 20]


def test_checkpoints_that_were_deleted_are_missed(tmp_path):
    run = Saved(tmp_path).save(10)
    for path in run.place(10).iterdir():
        path.unlink()
    run.place(10).rmdir()
    with pytest.raises(RunFailed, match="has lost its checkpoints"):
        run.load()


def test_a_newest_one_that_was_deleted_is_missed_and_the_one_before_is_taken(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    shutil.rmtree(run.place(20))
    assert run.load()[0]["step"] == 10
    assert run.notes == [f"checkpoint {run.place(20)} is missing"]


def test_a_process_killed_in_its_first_checkpoint_leaves_nothing_in_the_way(tmp_path):
    run = Saved(tmp_path).save(10)
    run.place(10).rename(run.place(10).with_name(".000000010.77"))  # as far as it came
    (tmp_path / "replay" / "checkpoint").unlink()
    assert run.load()[0] is None
    assert list((tmp_path / "replay").iterdir()) == []
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_what_a_killed_process_left_half_written_does_no_harm(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    expected = make(SLOTS)
    Checkpoints(tmp_path, 2).load(expected, pytest.fail)
    (tmp_path / "checkpoints" / ".000000030.77").mkdir()
    (tmp_path / "checkpoints" / ".000000030.77" / "state.pt").write_bytes(b"half")
    (tmp_path / "replay" / ".000003.npz.77").write_bytes(b"half")
    (tmp_path / "replay" / "000003.npz").write_bytes((tmp_path / "replay" / "000002.npz").read_bytes())
    state, replay = run.load()
    assert state["step"] == 20
    assert same(replay, expected)
    assert sorted(path.name for path in (tmp_path / "replay").glob("*.npz*")) == ["000001.npz", "000002.npz"]
    assert run.steps() == [10, 20]


def test_saving_goes_on_after_a_load(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    checkpoints, replay = Checkpoints(tmp_path, 2), make(SLOTS)
    checkpoints.load(replay, pytest.fail)
    fill(replay, run.rng, [9])
    checkpoints.save(30, {"step": 30}, replay)
    state, again = run.load()
    assert state["step"] == 30
    assert same(again, replay)
    assert [segment.name for segment in read_manifest(run.place(30)).segments] == ["000001.npz", "000002.npz", "000003.npz"]


def test_a_full_disk_leaves_the_checkpoints_before(tmp_path, monkeypatch):
    run = Saved(tmp_path).save(10)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("av_td3.training.checkpoint.write_json", full)
        with pytest.raises(OSError, match="No space left"):
            run.save(20)
    assert run.load()[0]["step"] == 10
    assert run.steps() == [10]
