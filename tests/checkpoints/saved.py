"""A run of nothing but its replay and a few numbers, for tests of what is saved."""

import numpy as np
import torch

from av_td3.checkpoints.checkpoints import Checkpoints
from tests.replay.builders import fill, make_replay

SLOTS = 60


class Saved:
    """A run of nothing but its replay and a number, with a checkpoint after every so many steps."""

    def __init__(self, folder, keep=2):
        self.folder, self.keep = folder, keep
        self.replay, self.checkpoints = make_replay(SLOTS), Checkpoints(folder, keep)
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
        self.notes, replay = [], make_replay(SLOTS)
        return Checkpoints(self.folder, self.keep).load(replay, self.notes.append), replay

    def place(self, step):
        return self.folder / "checkpoints" / f"{step:09d}"

    def frames(self, segment):
        return self.folder / "replay" / f"{segment:06d}" / "frames.npy"

    def names(self, folder="checkpoints"):
        return sorted(path.name for path in (self.folder / folder).iterdir())

    def steps(self):
        return [int(name) for name in self.names() if name.isdigit()]

    def content(self):
        """Every file of the run: its path, and what it holds."""
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink()}


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
