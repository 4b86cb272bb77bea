"""Seeds of episodes."""

import numpy as np


def episode_seed(seed: int, purpose: str, index: int) -> int:
    """The seed of one episode: a function of the run's or evaluation's seed, what the episode is for, and its number."""
    words = [seed, *purpose.encode(), index]
    return int(np.random.SeedSequence(words).generate_state(1)[0])
