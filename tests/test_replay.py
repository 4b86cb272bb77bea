import numpy as np
import pytest
import torch

from av_td3.replay import Replay

SHAPE = (6, 5)


def observation(rng, frames):
    """The environment's observation: the newest frame pushed on the stack."""
    frame = rng.integers(0, 256, SHAPE, dtype=np.uint8)
    frames = [frame] * 4 if frames is None else [*frames[1:], frame]
    return frames, {"image": np.stack(frames), "vector": rng.normal(size=3).astype(np.float32)}


def fill(replay, rng, episode_lengths):
    """Random episodes, in the replay and as plain transitions."""
    naive = []
    for number, length in enumerate(episode_lengths):
        frames, now = observation(rng, None)
        replay.begin_episode(now)
        for i in range(length):
            action, reward = rng.uniform(-1, 1, 2).astype(np.float32), float(np.float32(rng.normal()))
            terminated = i == length - 1 and number % 2 == 0
            frames, following = observation(rng, frames)
            replay.add(action, reward, terminated, following)
            naive.append((now, action, reward, terminated, following))
            now = following
    return naive


def test_transitions_equal_those_of_a_replay_that_stores_whole_stacks():
    rng = np.random.default_rng(0)
    replay = Replay(60, SHAPE, 3, 2)
    naive = fill(replay, rng, [1, 2, 7, 3, 12, 5, 9, 1, 4, 20, 6])  # 70 transitions and 11 ends: the ring wraps around
    by_action = {tuple(action): (now, reward, terminated, following) for now, action, reward, terminated, following in naive}
    batch = replay.sample(2000, np.random.default_rng(1))
    seen = set()
    for i in range(2000):
        now, reward, terminated, following = by_action[tuple(batch.action[i].numpy())]
        seen.add(tuple(batch.action[i].tolist()))
        assert torch.equal(batch.image[i], torch.from_numpy(now["image"]))
        assert torch.equal(batch.next_image[i], torch.from_numpy(following["image"]))
        assert torch.equal(batch.vector[i], torch.from_numpy(now["vector"]))
        assert torch.equal(batch.next_vector[i], torch.from_numpy(following["vector"]))
        assert batch.reward[i].item() == reward
        assert bool(batch.terminated[i].item()) is terminated
    # All that is whole is drawn: 60 slots, less 7 last observations, less 3 stacks that the ring has cut into.
    assert len(seen) == 60 - 7 - 3


def test_a_lost_episode_ends_without_a_terminal_and_without_a_seam():
    rng = np.random.default_rng(0)
    replay = Replay(40, SHAPE, 3, 2)
    fill(replay, rng, [5])
    _, now = observation(rng, None)
    replay.begin_episode(now)  # the simulator dies before the first step
    fill(replay, rng, [5])
    assert replay.transitions == 10
    batch = replay.sample(500, rng)
    assert len({tuple(a.tolist()) for a in batch.action}) == 10


def test_a_frame_is_stored_once():
    replay = Replay(1000, (84, 84), 23, 2)
    assert replay.nbytes / replay.capacity <= 7400


def test_an_empty_replay_says_so():
    with pytest.raises(ValueError, match="no whole transition"):
        Replay(10, SHAPE, 3, 2).sample(4, np.random.default_rng(0))
