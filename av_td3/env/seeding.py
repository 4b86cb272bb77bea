"""Seeds and towns of episodes."""

from collections.abc import Sequence

import numpy as np


def episode_seed(seed: int, purpose: str, index: int) -> int:
    """The seed of one episode: a function of the run's or evaluation's seed, what the episode is for, and its number."""
    words = [seed, *purpose.encode(), index]
    return int(np.random.SeedSequence(words).generate_state(1)[0])


def town_option(towns: Sequence[str], seed: int, number: int) -> dict[str, str]:
    """The town of an episode or a block of episodes, as an option of ``reset``; empty where there is no choice.

    Args:
        towns: of the scenario.
        seed: of the run or evaluation.
        number: of the episode or block.

    """
    if len(towns) < 2:
        return {}
    return {"town": towns[episode_seed(seed, "town", number) % len(towns)]}
