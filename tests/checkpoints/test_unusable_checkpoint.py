import hashlib
import json
import pickle
import shutil

import pytest
import torch

from av_td3.checkpoints.checkpoints import Checkpoints
from av_td3.runs.errors import RunFailed
from tests.checkpoints.saved import SLOTS, Saved, flip
from tests.replay.builders import draw_the_same, fill, make_replay


def replace_state(place, content):
    """Another state, with its right checksum in the manifest."""
    (place / "state.pt").write_bytes(content)
    path = place / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sha256": hashlib.sha256(content).hexdigest()}))


def save_state(place, state):
    torch.save(state, place / "state.pt")
    replace_state(place, (place / "state.pt").read_bytes())


class Code:
    def __reduce__(self):
        return print, ("code of a checkpoint was run",)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda run: flip(run.place(30) / "state.pt"), "state.pt is damaged: its checksum"),
        (lambda run: (run.place(30) / "state.pt").unlink(), "state.pt is missing"),
        (lambda run: replace_state(run.place(30), b"garbage"), "state.pt is not the state of a run"),
        (lambda run: replace_state(run.place(30), pickle.dumps(Code(), 2)), "state.pt is not the state of a run"),
        (lambda run: save_state(run.place(30), {"code": Code()}), "state.pt is not the state of a run"),
        (lambda run: save_state(run.place(30), [1, 2]), "state.pt is not the state of a run"),
        (lambda run: save_state(run.place(30), {"step": 30}), "state.pt lacks rng, weights"),
        (lambda run: (run.place(30) / "manifest.json").write_text('{"format": 3, "st'), "manifest.json cannot be read"),
        (lambda run: (run.place(30) / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda run: (run.place(30) / "manifest.json").write_text("[]"), "manifest.json cannot be read"),
        (lambda run: (run.place(30) / "manifest.json").write_text("[" * 100_000), "manifest.json cannot be read"),
        (lambda run: rewrite(run.place(30), format="1"), "its format is 1, this program reads 4"),
        (lambda run: rewrite(run.place(30), format=0), "its format is 0, this program reads 4"),
        (lambda run: rewrite(run.place(30), replay=[["../000003", {}, [1]]]), "../000003 is not a file of a replay"),
        (
            lambda run: rewrite(run.place(30), replay=[["000003", {"../a.npy": [1, 1]}, [1]]]),
            "../a.npy is not a file of a replay",
        ),
        (lambda run: rewrite(run.place(30), replay=[["000003", ["frames.npy"], [1]]]), "list of replay files is damaged"),
        (lambda run: rewrite(run.place(30), replay=[["000003", {}, [1]]]), "replay/000003: cannot be read"),
        (lambda run: shutil.rmtree(run.folder / "replay" / "000003"), "replay/000003/vectors.npy is missing"),
        (lambda run: run.frames(3).unlink(), "replay/000003/frames.npy is missing"),
        (lambda run: run.frames(3).write_bytes(b"PK"), "replay/000003/frames.npy has 2 bytes instead of"),
        (lambda run: flip(run.frames(3)), "replay/000003/frames.npy: cannot be read as part of this replay (its checksum"),
    ],
)
def test_a_damaged_one_is_named_and_set_aside_and_the_one_before_is_taken(tmp_path, capfd, damage, words):
    run = Saved(tmp_path).save(10, 20)
    expected = make_replay(SLOTS)
    Checkpoints(tmp_path, 2).load(expected, pytest.fail)
    run.save(30)
    damage(run)
    before = run.content()
    state, replay = run.load()
    assert state["step"] == 20
    assert draw_the_same(replay, expected)
    assert len(run.notes) == 2
    assert "000000030 cannot be used" in run.notes[0]
    assert words in run.notes[0]
    assert "unusable-000000030" in run.notes[1]
    assert not any("\n" in note for note in run.notes)
    assert run.names() == ["000000020", "unusable-000000030"]
    after = set(run.content().values())
    assert all(content in after for path, content in before.items() if path.name != "checkpoint")  # nothing is deleted
    assert capfd.readouterr().out == ""


def rewrite(place, **changes):
    path = place / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def train_on(run, *steps):
    """Save more, as a process that has loaded what there is."""
    checkpoints, replay = Checkpoints(run.folder, run.keep), make_replay(SLOTS)
    checkpoints.load(replay, run.notes.append)
    for step in steps:
        fill(replay, run.rng, [7, 5])
        checkpoints.save(step, {"step": step}, replay)
    return replay


def test_what_is_set_aside_can_be_put_back_as_long_as_it_is_there(tmp_path):
    run = Saved(tmp_path).save(10, 20, 30)
    flip(run.place(30) / "state.pt")
    replay = train_on(run, *range(40, 200, 10))  # long enough for the ring to forget all that the damaged one needs
    assert draw_the_same(run.load()[1], replay)
    flip(run.folder / "checkpoints" / "unusable-000000030" / "state.pt")  # mended
    (tmp_path / "checkpoints").rename(tmp_path / "later")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "later" / "unusable-000000030").rename(run.place(30))
    state, again = run.load()
    assert state["step"] == 30
    assert draw_the_same(again, run.replay)


def test_replay_files_go_with_what_was_set_aside(tmp_path):
    run = Saved(tmp_path).save(10, 20, 30)
    flip(run.place(30) / "state.pt")
    train_on(run, *range(40, 200, 10))
    assert "000003" in run.names("replay")
    aside = run.folder / "checkpoints" / "unusable-000000030"
    for path in aside.iterdir():
        path.unlink()
    aside.rmdir()
    train_on(run, 200)
    assert "000003" not in run.names("replay")


def test_two_that_are_damaged_at_one_step_are_both_kept(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    for _ in range(2):
        flip(run.place(20) / "state.pt")
        train_on(run, 20)
    assert run.names() == ["000000010", "000000020", "unusable-000000020", "unusable-000000020-2"]


def cut_off_storage(path):
    """Reading it fails as on a broken disk: with EIO."""
    path.unlink()
    path.symlink_to("/proc/self/mem")


@pytest.mark.parametrize("name", ["state.pt", "manifest.json"])
def test_one_that_cannot_be_read_just_now_is_not_given_up(tmp_path, name):
    run = Saved(tmp_path).save(10, 20)
    kept = (run.place(20) / name).read_bytes()
    cut_off_storage(run.place(20) / name)
    before = run.content()
    words = r"000000020 cannot be read just now \(Input/output error\); start again, or move it away to resume from 000000010"
    with pytest.raises(RunFailed, match=words):
        run.load()
    assert run.content() == before
    (run.place(20) / name).unlink()
    (run.place(20) / name).write_bytes(kept)
    assert run.load()[0]["step"] == 20


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        ("av_td3.replay.archive._crc32", OSError(5, "Input/output error"), r"Input/output error: .*000001/vectors\.npy"),
        ("numpy.memmap", OSError(12, "Cannot allocate memory"), r"Cannot allocate memory: .*000001/vectors\.npy"),
        ("av_td3.replay.buffer.Replay.restore", RuntimeError("CUDA out of memory"), "CUDA out of memory"),
        ("torch.load", RuntimeError("DefaultCPUAllocator: can't allocate memory"), "can't allocate memory"),
        ("torch.load", MemoryError(), "out of memory"),
    ],
)
def test_a_fault_of_the_machine_is_not_taken_for_damage(tmp_path, monkeypatch, function, error, words):
    run = Saved(tmp_path).save(10, 20)
    before = run.content()

    def fail(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(function, fail)
        with pytest.raises(RunFailed, match=rf"000000020 cannot be read just now \(.*{words}\); start again"):
            run.load()
    assert run.content() == before
    assert run.load()[0]["step"] == 20


def test_one_of_a_newer_format_is_left_to_the_version_that_wrote_it(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    rewrite(run.place(20), **{"format": 5, "av-td3": "7.1", "replay": None})
    before = run.content()
    words = (
        r"000000020: its format is 5, that of av-td3 7\.1; this is .* reads 4; use that version, or move it away to resume from"
    )
    with pytest.raises(RunFailed, match=words):
        run.load()
    assert run.content() == before


@pytest.mark.parametrize(
    ("older", "reason"),
    [
        (1, "observations were scaled differently then"),
        (2, "the replay was stored differently then, and the config had another form"),
        (3, "the state of the training loop had another form"),
    ],
)
def test_one_of_an_older_format_is_refused_with_the_reason(tmp_path, older, reason):
    run = Saved(tmp_path).save(10)
    rewrite(run.place(10), **{"format": older, "av-td3": "0.1.0", "replay": [["000001.npz", 4711, [12]]]})
    before = run.content()
    words = (
        rf"000000010: its format is {older}, that of av-td3 0\.1\.0; {reason}, and this one reads 4; use that version, or move"
    )
    with pytest.raises(RunFailed, match=words) as error:
        run.load()
    assert "\n" not in str(error.value)
    assert run.content() == before


def test_where_none_can_be_used_nothing_silently_restarts(tmp_path):
    run = Saved(tmp_path).save(10, 20)
    for step in (10, 20):
        flip(run.place(step) / "state.pt")
    before = run.content()
    with pytest.raises(RunFailed, match=r"none of the 2 checkpoints in .* can be used; move .*checkpoints and .*replay away"):
        run.load()
    assert run.content() == before


def spoil(path):
    path.write_bytes(b"{")


@pytest.mark.parametrize("spoil", [spoil, cut_off_storage], ids=["damaged", "unreadable"])
def test_an_older_one_that_cannot_be_read_harms_no_run(tmp_path, spoil):
    run = Saved(tmp_path, keep=2).save(10, 20)
    files = run.names("replay")
    spoil(run.place(10) / "manifest.json")
    run.save(*range(30, 200, 10))
    assert run.steps() == [10, 180, 190]  # it is not counted, and stays
    assert set(files) <= set(run.names("replay"))  # and what it may need, too
    assert run.load()[0]["step"] == 190


def test_files_and_folders_of_other_names_are_left_alone(tmp_path):
    run = Saved(tmp_path).save(10)
    own = run.content()
    checkpoints, replay = tmp_path / "checkpoints", tmp_path / "replay"
    for folder in ("000000020.bak", "000000010 copy", "best", ".hidden", "12", "000000005x"):
        (checkpoints / folder).mkdir()
        (checkpoints / folder / "state.pt").write_text(folder)
    for path in (
        checkpoints / "000000001",
        checkpoints / ".1",
        replay / "000001.npz",
        replay / "000002",  # where the next segment would stand
        replay / "notes.txt",
        replay / ".000001.77",
    ):
        path.write_text(path.name)
    for folder in ("000001 (copy)", "999999.old", "0"):
        (replay / folder).mkdir()
        (replay / folder / "frames.npy").write_text(folder)
    strays = {path: content for path, content in run.content().items() if path not in own}
    run.save(*range(20, 200, 10))
    assert run.load()[0]["step"] == 190
    assert run.notes == []
    after = run.content()
    assert {path: after.get(path) for path in strays} == strays
    assert [name for name in run.names() if name > "000000099"][:2] == ["000000180", "000000190"]
    assert "000020" in run.names("replay")


def test_what_stands_in_the_place_of_a_checkpoint_is_moved_and_not_overwritten(tmp_path):
    run = Saved(tmp_path).save(10)
    run.place(20).write_text("somebody's")
    run.save(20)
    assert (tmp_path / "checkpoints" / "unusable-000000020").read_text() == "somebody's"
    assert run.load()[0]["step"] == 20


def test_a_checkpoint_that_was_moved_to_another_disk_is_loaded_and_not_deleted(tmp_path):
    run = Saved(tmp_path / "run").save(10)
    run.place(10).rename(tmp_path / "elsewhere")
    run.place(10).symlink_to(tmp_path / "elsewhere")
    assert run.load()[0]["step"] == 10
    run.save(20, 30, 40)
    assert run.names() == ["000000030", "000000040"]
    assert (tmp_path / "elsewhere" / "state.pt").is_file()
