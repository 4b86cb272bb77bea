"""Small replays, filled with random episodes, and a simple replay to compare them with."""

import numpy as np
import torch

from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage

SHAPE = (6, 5)
STACK = 4
CPU = torch.device("cpu")


def make_replay(capacity, folder=None, storage="memory", channels=1, **options):
    frames = frame_storage(storage, capacity, (channels, *SHAPE), folder, CPU)
    return Replay(frames, 3, 2, **({"stack": STACK, "discount": 0.9} | options))


class NaiveReplay:
    """Stores whole stacks, one transition after the other."""

    def __init__(self):
        self.episodes = []

    def add(self, *transition):
        self.episodes[-1].append(transition)

    def transition(self, episode, i, n_step, discount):
        """Observation, action, n-step reward, discount and next observation."""
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


def write_episode(replay, naive, rng, length, terminated, env_index=0, **shape):
    """Store one random episode in both, a step at each ``next``, so that several episodes can be interleaved."""
    frames, now = observation(rng, None, **shape)
    replay.begin_episode(now, env_index)
    episode = []
    naive.episodes.append(episode)
    for i in range(length):
        action, reward = rng.uniform(-1, 1, 2).astype(np.float32), float(np.float32(rng.normal()))
        frames, following = observation(rng, frames, **shape)
        over = terminated and i == length - 1
        replay.add(action, reward, over, following, env_index)
        episode.append((now, action, reward, over, following))
        now = following
        yield


def fill(replay, rng, lengths, **shape):
    """Store random episodes; the first, third and so on terminate, the others are truncated."""
    naive = NaiveReplay()
    for number, length in enumerate(lengths):
        for _ in write_episode(replay, naive, rng, length, terminated=number % 2 == 0, **shape):
            pass
    return naive


def draw_the_same(a, b):
    first, second = (replay.sample(300, np.random.default_rng(5)) for replay in (a, b))
    assert first.channels == second.channels
    return all(torch.equal(part, second[i]) for i, part in enumerate(first) if i != first._fields.index("channels"))
