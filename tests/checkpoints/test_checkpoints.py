import shutil

import numpy as np
import pytest
import torch

from av_td3.checkpoints.checkpoints import Checkpoints
from av_td3.checkpoints.manifest import read_manifest
from av_td3.runs.errors import RunFailed
from tests.checkpoints.saved import SLOTS, Saved
from tests.replay.builders import draw_the_same, fill, make_replay


def test_the_newest_checkpoint_is_given_back_with_its_replay(tmp_path):
    run = Saved(tmp_path).save(10, 20, 30)
    state, replay = run.load()
    assert state["step"] == 30
    assert torch.equal(state["weights"], torch.full((2,), 30.0))
    other = np.random.default_rng(5)
    other.bit_generator.state = state["rng"]
    assert other.random() == run.rng.random()
    assert draw_the_same(replay, run.replay)
    assert run.notes == []


def test_only_the_newest_are_kept_and_the_best(tmp_path):
    run = Saved(tmp_path, keep=2).save(10, 20, 30, 40, scores=[1.0, 9.0, 3.0, 4.0])
    assert run.steps() == [20, 30, 40]
    assert Saved(tmp_path / "unscored").save(10, 20, 30).steps() == [20, 30]


def test_a_step_is_saved_once(tmp_path):
    run = Saved(tmp_path, keep=1).save(10)
    written = run.content()
    run.save(10)  # where the steps between two checkpoints brought none
    assert run.content() == written


def test_a_checkpoint_writes_what_is_new_only_and_drops_what_the_ring_has_overwritten(tmp_path):
    run = Saved(tmp_path, keep=1).save(*range(10, 200, 10))  # twelve steps each, in a ring of 60 slots
    sizes = [path.stat().st_size for path in (tmp_path / "replay").glob("*/frames.npy")]
    assert len(sizes) <= 6
    assert max(sizes) < 2 * min(sizes)
    _, replay = run.load()
    assert draw_the_same(replay, run.replay)


def test_where_nothing_was_saved_there_is_nothing_to_load(tmp_path):
    assert Saved(tmp_path).load()[0] is None


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
    assert run.names() == []
    again = Saved(tmp_path).save(10)
    assert draw_the_same(again.load()[1], again.replay)
    assert again.names("replay") == ["000002", "checkpoint"]


def test_what_a_killed_process_left_half_written_does_no_harm(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    expected = make_replay(SLOTS)
    Checkpoints(tmp_path, 2).load(expected, pytest.fail)
    (tmp_path / "checkpoints" / ".000000030.77").mkdir()
    (tmp_path / "checkpoints" / ".000000030.77" / "state.pt").write_bytes(b"half")
    (tmp_path / "replay" / ".000004.77").mkdir()
    (tmp_path / "replay" / ".000004.77" / "frames.npy").write_bytes(b"half")
    shutil.copytree(tmp_path / "replay" / "000002", tmp_path / "replay" / "000003")
    state, replay = run.load()
    assert state["step"] == 20
    assert draw_the_same(replay, expected)
    assert run.names() == ["000000010", "000000020"]
    assert ".000004.77" not in run.names("replay")


@pytest.mark.parametrize(
    ("wrong", "name"), [({"a": np.zeros(3)}, "agent.a is a numpy.ndarray"), ({"b": [1, {2}]}, "agent.b.1 is a builtins.set")]
)
def test_a_state_that_could_not_be_loaded_again_is_not_saved(tmp_path, wrong, name):
    run = Saved(tmp_path).save(10)
    before = run.content()
    with pytest.raises(RunFailed, match=rf"the state cannot be saved: {name}; a state holds tensors"):
        run.checkpoints.save(20, {"agent": wrong}, run.replay)
    assert run.content() == before


def test_saving_continues_after_a_load(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    checkpoints, replay = Checkpoints(tmp_path, 2), make_replay(SLOTS)
    checkpoints.load(replay, pytest.fail)
    fill(replay, run.rng, [9])
    checkpoints.save(30, {"step": 30}, replay)
    state, again = run.load()
    assert state["step"] == 30
    assert draw_the_same(again, replay)
    assert [segment.name for segment in read_manifest(run.place(30)).segments] == ["000001", "000002", "000003"]


def test_a_full_disk_leaves_the_checkpoints_before(tmp_path, monkeypatch):
    run = Saved(tmp_path).save(10)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("av_td3.checkpoints.checkpoints.write_manifest", full)
        with pytest.raises(OSError, match="No space left"):
            run.save(20)
    assert run.load()[0]["step"] == 10
    assert run.names() == ["000000010"]
