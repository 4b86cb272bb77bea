import numpy as np
import pytest
import torch

from av_td3.config.errors import ConfigError
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage
from tests.replay.builders import CPU, SHAPE, NaiveReplay, fill, make_replay, observation, write_episode

LENGTHS = [1, 2, 7, 3, 12, 5, 9, 1, 4, 20, 6]  # 70 transitions and 11 ends: a ring of 60 wraps around


def assert_equal_to_naive(batch, expected):
    """Every sampled transition equals the naive one with the same action bit by bit; returns the actions."""
    for i, action in enumerate(batch.action.numpy()):
        now, _, reward, discount, following = expected[tuple(action)]
        assert torch.equal(batch.image[i], torch.from_numpy(now["image"]))
        assert torch.equal(batch.next_image[i], torch.from_numpy(following["image"]))
        assert torch.equal(batch.vector[i], torch.from_numpy(now["vector"]))
        assert torch.equal(batch.next_vector[i], torch.from_numpy(following["vector"]))
        assert batch.reward[i].item() == reward
        assert batch.discount[i].item() == discount
    return {tuple(action) for action in batch.action.numpy()}


@pytest.mark.parametrize("storage", ["memory", "disk", "device"])
@pytest.mark.parametrize("n_step", [1, 3])
def test_transitions_equal_those_of_a_replay_that_stores_whole_stacks(tmp_path, storage, n_step):
    replay = make_replay(60, tmp_path, storage, n_step=n_step)
    naive = fill(replay, np.random.default_rng(0), LENGTHS)
    drawn = assert_equal_to_naive(replay.sample(2000, np.random.default_rng(1)), naive.by_action(n_step))
    # All valid transitions are sampled: 60 slots, less 7 last observations, less 3 stacks that the ring has cut into.
    assert len(drawn) == 60 - 7 - 3
    assert replay.transitions == 60 - 7


@pytest.mark.parametrize("n_step", [1, 4])
def test_many_random_replays_equal_naive_ones(n_step):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        replay = make_replay(int(rng.integers(12, 80)), n_step=n_step, discount=0.97)
        naive = fill(replay, rng, rng.integers(1, 30, size=rng.integers(1, 12)))
        assert_equal_to_naive(replay.sample(200, rng), naive.by_action(n_step, 0.97))


@pytest.mark.parametrize("storage", ["memory", "disk", "device"])
@pytest.mark.parametrize("n_step", [1, 3])
@pytest.mark.parametrize(("channels", "stack"), [(1, 1), (3, 1), (1, 3), (3, 4), (6, 3)])
def test_stacks_of_any_length_and_frames_of_any_number_of_channels_equal_naive_ones(tmp_path, storage, n_step, channels, stack):
    replay = make_replay(60, tmp_path, storage, channels, stack=stack, n_step=n_step)
    naive = fill(replay, np.random.default_rng(0), LENGTHS, channels=channels, stack=stack)
    batch = replay.sample(1000, np.random.default_rng(1))
    drawn = assert_equal_to_naive(batch, naive.by_action(n_step))
    assert len(drawn) == 60 - 7 - (stack - 1)
    assert batch.image.shape == batch.next_image.shape == (1000, channels * stack, *SHAPE)
    stored = stack + 1 if n_step == 1 else 2 * stack
    assert batch.frames.shape == (1000, channels * stored, *SHAPE)


def test_episodes_of_several_environments_are_kept_apart():
    rng = np.random.default_rng(0)
    replay, naive = make_replay(90, num_envs=3, n_step=2), NaiveReplay()
    streams = {}
    for number in range(600):
        env_index = int(rng.integers(3))
        if env_index not in streams or next(streams[env_index], "over") == "over":
            streams[env_index] = write_episode(replay, naive, rng, int(rng.integers(1, 12)), number % 2 == 0, env_index)
            next(streams[env_index])
    for stream in streams.values():  # a stream's newest step is stored when the next is asked for
        stream.close()
    drawn = assert_equal_to_naive(replay.sample(3000, rng), naive.by_action(2))
    assert len(drawn) > 60


def test_every_transition_is_drawn_equally_often():
    rng = np.random.default_rng(0)
    replay, naive = make_replay(200, num_envs=2), NaiveReplay()
    for env_index, length in ((0, 10), (1, 40)):
        for _ in write_episode(replay, naive, rng, length, True, env_index):
            pass
    batch = replay.sample(50_000, rng)
    _, counts = np.unique(batch.action.numpy(), axis=0, return_counts=True)
    assert len(counts) == 50
    assert 850 < counts.min() <= counts.max() < 1150  # 1,000 expected, standard deviation 31


def test_a_lost_episode_is_not_joined_to_the_next():
    rng = np.random.default_rng(0)
    replay = make_replay(40)
    fill(replay, rng, [5])
    _, now = observation(rng, None)
    replay.begin_episode(now)  # the simulator dies before the first step
    fill(replay, rng, [5])
    assert replay.transitions == 10
    assert len({tuple(a.tolist()) for a in replay.sample(500, rng).action}) == 10


def test_a_frame_is_stored_once():
    replay = Replay(frame_storage("memory", 1000, (1, 84, 84), None, CPU), 23, 2, stack=4, discount=0.99)
    assert replay.nbytes / 1000 <= 7400


def test_sampling_an_empty_replay_raises():
    replay = make_replay(10)
    replay.begin_episode(observation(np.random.default_rng(0), None)[1])
    with pytest.raises(ValueError, match="no transition yet"):
        replay.sample(4, np.random.default_rng(0))


def test_a_full_disk_is_an_error_before_the_run(tmp_path):
    with pytest.raises(ConfigError, match=r"replay\.storage=disk: cannot allocate .* GB for .*av_td3-frames-"):
        frame_storage("disk", 10**15, (1, 84, 84), tmp_path, CPU)


def test_frames_on_disk_leave_no_file(tmp_path):
    frames = frame_storage("disk", 20, (1, *SHAPE), tmp_path, CPU)
    frames[7] = 3
    assert frames.sum() == 3 * 30
    assert list(tmp_path.iterdir()) == []
