"""A replay of observations without an image."""

import numpy as np

from av_td3.replay.archive import ReplayArchive
from tests.replay.builders import make_replay


def test_it_is_written_and_restored_like_any_other(tmp_path):
    rng = np.random.default_rng(0)
    replay = make_replay(20, channels=0)
    replay.begin_episode({"vector": rng.normal(size=3).astype(np.float32)})
    for step in range(9):
        action = rng.uniform(-1.0, 1.0, 2).astype(np.float32)
        replay.add(action, float(step), step == 8, {"vector": rng.normal(size=3).astype(np.float32)})
    archive = ReplayArchive(tmp_path)
    segments = [archive.append(replay)]
    restored = make_replay(20, channels=0)
    archive.restore(restored, segments)
    first, second = (one.sample(16, np.random.default_rng(1)) for one in (replay, restored))
    assert first.frames.shape == (16, 0, 6, 5)
    np.testing.assert_array_equal(first.vector, second.vector)
    np.testing.assert_array_equal(first.reward, second.reward)
