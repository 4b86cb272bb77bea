import numpy as np
import pytest
import torch

from av_td3.config.errors import ConfigError
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage

SHAPE = (6, 5)
STACK = 4
CPU = torch.device("cpu")


def make(capacity, folder=None, storage="memory", channels=1, **options):
    frames = frame_storage(storage, capacity, (channels, *SHAPE), folder, CPU)
    return Replay(frames, 3, 2, **({"stack": STACK, "discount": 0.9} | options))


class NaiveReplay:
    """Whole stacks, one transition after the other, as they came; an episode ends where it ends."""

    def __init__(self):
        self.episodes = []

    def add(self, *transition):
        self.episodes[-1].append(transition)

    def transition(self, episode, i, n_step, discount):
        """Observation, action, summed reward, factor of what follows, observation that follows."""
        steps = self.episodes[episode][i : i + n_step]
        reward = sum(discount**k * np.float64(step[2]) for k, step in enumerate(steps))
        factor = 0.0 if steps[-1][3] else discount ** len(steps)
        return steps[0][0], steps[0][1], np.float32(reward), np.float32(factor), steps[-1][4]

    def by_action(self, n_step=1, discount=0.9):
        return {
            tuple(step[1]): self.transition(e, i, n_step, discount)
            for e, episode in enumerate(self.episodes)
            for i, step in enumerate(episode)
        }


def observation(rng, frames, channels=1, stack=STACK):
    """The environment's observation: the newest frame pushed on the stack."""
    frame = rng.integers(0, 256, (channels, *SHAPE), dtype=np.uint8)
    frames = [frame] * stack if frames is None else [*frames[1:], frame]
    return frames, {"image": np.concatenate(frames), "vector": rng.normal(size=3).astype(np.float32)}


def drive(replay, naive, rng, length, terminated, lane=0, **shape):
    """One random episode into both, step by step, so that several can be interleaved."""
    frames, now = observation(rng, None, **shape)
    replay.begin_episode(now, lane)
    episode = []
    naive.episodes.append(episode)
    for i in range(length):
        action, reward = rng.uniform(-1, 1, 2).astype(np.float32), float(np.float32(rng.normal()))
        frames, following = observation(rng, frames, **shape)
        over = terminated and i == length - 1
        replay.add(action, reward, over, following, lane)
        episode.append((now, action, reward, over, following))
        now = following
        yield


def fill(replay, rng, lengths, **shape):
    """Random episodes, every second of which is truncated."""
    naive = NaiveReplay()
    for number, length in enumerate(lengths):
        for _ in drive(replay, naive, rng, length, terminated=number % 2 == 0, **shape):
            pass
    return naive


def assert_equal_to_naive(batch, wanted):
    """Every drawn transition is bit by bit the naive one with the same action; returns which were drawn."""
    for i, action in enumerate(batch.action.numpy()):
        now, _, reward, discount, following = wanted[tuple(action)]
        assert torch.equal(batch.image[i], torch.from_numpy(now["image"]))
        assert torch.equal(batch.next_image[i], torch.from_numpy(following["image"]))
        assert torch.equal(batch.vector[i], torch.from_numpy(now["vector"]))
        assert torch.equal(batch.next_vector[i], torch.from_numpy(following["vector"]))
        assert batch.reward[i].item() == reward
        assert batch.discount[i].item() == discount
    return {tuple(action) for action in batch.action.numpy()}


def same(a, b):
    first, second = (replay.sample(300, np.random.default_rng(5)) for replay in (a, b))
    assert first.channels == second.channels
    return all(torch.equal(part, second[i]) for i, part in enumerate(first) if i != first._fields.index("channels"))


LENGTHS = [1, 2, 7, 3, 12, 5, 9, 1, 4, 20, 6]  # 70 transitions and 11 ends: a ring of 60 wraps around


@pytest.mark.parametrize("storage", ["memory", "disk", "device"])
@pytest.mark.parametrize("n_step", [1, 3])
def test_transitions_equal_those_of_a_replay_that_stores_whole_stacks(tmp_path, storage, n_step):
    replay = make(60, tmp_path, storage, n_step=n_step)
    naive = fill(replay, np.random.default_rng(0), LENGTHS)
    drawn = assert_equal_to_naive(replay.sample(2000, np.random.default_rng(1)), naive.by_action(n_step))
    # All that is whole is drawn: 60 slots, less 7 last observations, less 3 stacks that the ring has cut into.
    assert len(drawn) == 60 - 7 - 3
    assert replay.transitions == 60 - 7


@pytest.mark.parametrize("n_step", [1, 4])
def test_many_random_replays_equal_naive_ones(n_step):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        replay = make(int(rng.integers(12, 80)), n_step=n_step, discount=0.97)
        naive = fill(replay, rng, rng.integers(1, 30, size=rng.integers(1, 12)))
        assert_equal_to_naive(replay.sample(200, rng), naive.by_action(n_step, 0.97))


@pytest.mark.parametrize("storage", ["memory", "disk", "device"])
@pytest.mark.parametrize("n_step", [1, 3])
@pytest.mark.parametrize(("channels", "stack"), [(1, 1), (3, 1), (1, 3), (3, 4), (6, 3)])
def test_stacks_of_any_length_and_frames_of_any_number_of_channels_equal_naive_ones(tmp_path, storage, n_step, channels, stack):
    replay = make(60, tmp_path, storage, channels, stack=stack, n_step=n_step)
    naive = fill(replay, np.random.default_rng(0), LENGTHS, channels=channels, stack=stack)
    batch = replay.sample(1000, np.random.default_rng(1))
    drawn = assert_equal_to_naive(batch, naive.by_action(n_step))
    assert len(drawn) == 60 - 7 - (stack - 1)
    assert batch.image.shape == batch.next_image.shape == (1000, channels * stack, *SHAPE)
    stored = stack + 1 if n_step == 1 else 2 * stack
    assert batch.frames.shape == (1000, channels * stored, *SHAPE)


def test_lanes_keep_episodes_apart_that_are_driven_at_the_same_time():
    rng = np.random.default_rng(0)
    replay, naive = make(90, lanes=3, n_step=2), NaiveReplay()
    streams = {}
    for number in range(600):
        lane = int(rng.integers(3))
        if lane not in streams or next(streams[lane], "over") == "over":
            streams[lane] = drive(replay, naive, rng, int(rng.integers(1, 12)), number % 2 == 0, lane)
            next(streams[lane])
    for stream in streams.values():  # a stream's newest step is stored when the next is asked for
        stream.close()
    drawn = assert_equal_to_naive(replay.sample(3000, rng), naive.by_action(2))
    assert len(drawn) > 60


def test_every_transition_is_drawn_equally_often():
    rng = np.random.default_rng(0)
    replay, naive = make(200, lanes=2), NaiveReplay()
    for lane, length in ((0, 10), (1, 40)):
        for _ in drive(replay, naive, rng, length, True, lane):
            pass
    batch = replay.sample(50_000, rng)
    _, counts = np.unique(batch.action.numpy(), axis=0, return_counts=True)
    assert len(counts) == 50
    assert 850 < counts.min() <= counts.max() < 1150  # 1,000 expected, standard deviation 31


def test_a_lost_episode_ends_without_a_terminal_and_without_a_seam():
    rng = np.random.default_rng(0)
    replay = make(40)
    fill(replay, rng, [5])
    _, now = observation(rng, None)
    replay.begin_episode(now)  # the simulator dies before the first step
    fill(replay, rng, [5])
    assert replay.transitions == 10
    assert len({tuple(a.tolist()) for a in replay.sample(500, rng).action}) == 10


def test_a_frame_is_stored_once():
    replay = Replay(frame_storage("memory", 1000, (1, 84, 84), None, CPU), 23, 2, stack=4, discount=0.99)
    assert replay.nbytes / 1000 <= 7400


def test_an_empty_replay_says_so():
    replay = make(10)
    replay.begin_episode(observation(np.random.default_rng(0), None)[1])
    with pytest.raises(ValueError, match="no whole transition"):
        replay.sample(4, np.random.default_rng(0))


def test_a_disk_without_room_is_refused_before_the_run(tmp_path):
    with pytest.raises(ConfigError, match=r"replay\.storage=disk: .* GB for .*frames\.bin cannot be had"):
        frame_storage("disk", 10**15, (1, 84, 84), tmp_path, CPU)


def test_frames_on_disk_leave_no_file(tmp_path):
    frames = frame_storage("disk", 20, (1, *SHAPE), tmp_path, CPU)
    frames[7] = 3
    assert frames.sum() == 3 * 30
    assert list(tmp_path.iterdir()) == []
