import resource
from contextlib import contextmanager

import numpy as np
import pytest

from av_td3.replay.archive import ReplayArchive, still_needed
from tests.replay.builders import NaiveReplay, draw_the_same, fill, make_replay, write_episode


@pytest.mark.parametrize("num_envs", [1, 2])
def test_an_archive_restores_the_replay_wherever_it_was_cut(tmp_path, num_envs):
    rng = np.random.default_rng(0)
    replay, naive, archive = make_replay(80, num_envs=num_envs), NaiveReplay(), ReplayArchive(tmp_path / "replay")
    streams = [write_episode(replay, naive, rng, 150, False, env_index) for env_index in range(num_envs)]
    segments = []
    for step in range(100):
        for stream in streams:
            next(stream)
        if step in (0, 1, 17, 18, 70, 99):  # also in the middle of an episode
            segments.append(archive.append(replay))
    restored = make_replay(80, num_envs=num_envs)
    ReplayArchive(tmp_path / "replay").restore(restored, segments)
    assert draw_the_same(replay, restored)
    assert restored.transitions == replay.transitions
    for target in (replay, restored):  # and both continue alike
        fill(target, np.random.default_rng(9), [4, 30])
    assert draw_the_same(replay, restored)


def test_an_append_writes_only_new_observations(tmp_path):
    rng = np.random.default_rng(0)
    replay, archive = make_replay(5000), ReplayArchive(tmp_path)
    fill(replay, rng, [50] * 60)
    whole = archive.append(replay).size
    fill(replay, rng, [50])
    assert archive.append(replay).size < whole / 30
    assert archive.append(replay).size < 4000  # headers


def test_overwritten_segments_are_no_longer_needed(tmp_path):
    replay, archive, segments = make_replay(50), ReplayArchive(tmp_path), []
    for _ in range(12):
        fill(replay, np.random.default_rng(0), [9])
        segments.append(archive.append(replay))
    needed = still_needed(segments, replay.slots_per_env)
    assert 5 <= len(needed) <= 6
    archive.keep(needed)
    restored = make_replay(50)
    archive.restore(restored, needed)
    assert draw_the_same(replay, restored)


def test_frames_of_several_channels_are_restored(tmp_path):
    shape = {"channels": 3, "stack": 2}
    replay, restored, archive = make_replay(50, **shape), make_replay(50, **shape), ReplayArchive(tmp_path)
    fill(replay, np.random.default_rng(0), [20, 9], **shape)
    archive.restore(restored, [archive.append(replay)])
    assert draw_the_same(replay, restored)


@pytest.fixture
def one(tmp_path):
    """An archive with one segment."""
    replay, archive = make_replay(50), ReplayArchive(tmp_path)
    fill(replay, np.random.default_rng(0), [20])
    return archive, archive.append(replay), tmp_path / "000001"


def test_a_segment_is_a_folder_of_plain_arrays(one):
    _, segment, folder = one
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == sorted(segment.files)
    assert np.load(folder / "rewards.npy", allow_pickle=False).shape == (21,)
    assert segment.size == sum(path.stat().st_size for path in files)


def test_a_replay_of_another_size_is_named(one):
    archive, segment, _ = one
    with pytest.raises(ValueError, match=r"000001: .*belongs to a replay of 1 x 50 slots, this is one of 1 x 40"):
        archive.restore(make_replay(40), [segment])


def flip_last(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def test_damage_is_named_whichever_file_it_is_in(one):
    archive, segment, folder = one
    for name in segment.files:
        for damage in (flip_last, cut):
            whole = (folder / name).read_bytes()
            damage(folder / name)
            with pytest.raises(ValueError, match=rf"000001/{name}: cannot be read as part of this replay \(its checksum"):
                archive.restore(make_replay(50), [segment])
            (folder / name).write_bytes(whole)
    archive.restore(make_replay(50), [segment])


def test_missing_and_truncated_files_are_named_before_anything_is_read(one):
    archive, segment, folder = one
    archive.check([segment])
    cut(folder / "age.npy")
    with pytest.raises(ValueError, match=r"000001/age\.npy has \d+ bytes instead of \d+"):
        archive.check([segment])
    (folder / "age.npy").unlink()
    with pytest.raises(ValueError, match=r"000001/age\.npy is missing"):
        archive.check([segment])


@contextmanager
def largest_file(size):
    """Limit the size of files: a write beyond it fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_write_that_fails_says_why_and_leaves_nothing(tmp_path):
    replay, archive = make_replay(5000), ReplayArchive(tmp_path)
    fill(replay, np.random.default_rng(0), [4000])
    with largest_file(100_000), pytest.raises(OSError, match="File too large") as error:
        archive.append(replay)
    assert error.value.errno == 27
    assert list(tmp_path.iterdir()) == []


def test_a_segment_that_was_moved_to_another_disk_is_read_and_not_deleted(one, tmp_path):
    archive, segment, folder = one
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    archive.check([segment])
    archive.restore(make_replay(50), [segment])
    archive.keep([])
    assert not folder.is_symlink()
    assert (tmp_path / "elsewhere" / "frames.npy").is_file()
