"""Whether a run fits into the memory that there is, asked before anything of it is built."""

import math
import re
from itertools import pairwise

from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.machine.resources import available_memory

PROCESSES = 1_500_000_000  # bytes that PyTorch, the environment's process and a simulator take with small networks
FLOAT = 4
NETWORKS = 3  # an actor and two critics
COPIES = 5  # of each weight: itself, its target, its gradient, and Adam's two moments


def check_memory(config: Config) -> None:
    """Raise ConfigError naming the key to lower where the run cannot fit into memory."""
    available = available_memory()
    needs = {
        f"algorithm.buffer_size={config.algorithm.buffer_size}": replay_bytes(config),
        f"algorithm.batch_size={config.algorithm.batch_size}": batch_bytes(config),
        f"network.feature_dim={config.network.feature_dim}": head_bytes(config),
    }
    if run_bytes(config) > available:
        key = max(needs, key=lambda name: needs[name])
        hint = "; replay.storage=disk keeps frames on disk" if "buffer" in key else ""
        raise ConfigError(
            f"{key}: takes {_gigabytes(needs[key])}, the whole run about {_gigabytes(run_bytes(config))}, and "
            f"{_gigabytes(available)} of memory are free here; use fewer{hint}"
        )


def run_bytes(config: Config) -> int:
    """What a run takes of the machine's memory when its replay is full."""
    return replay_bytes(config) + batch_bytes(config) + head_bytes(config) + PROCESSES


def replay_bytes(config: Config) -> int:
    """What the replay takes of the machine's memory when it is full."""
    frame = math.prod(config.observation.frame_shape) if config.replay.storage == "memory" else 0
    return config.algorithm.buffer_size * (frame + FLOAT * (config.observation.vector_size + 8))


def batch_bytes(config: Config) -> int:
    """What a batch takes at least: images before and after the step, as bytes and as floats."""
    return config.algorithm.batch_size * 2 * math.prod(config.observation.image_shape) * (1 + FLOAT)


def head_bytes(config: Config) -> int:
    """What the linear layers take at least."""
    widths = [config.network.feature_dim, *config.network.hidden_dims]
    pairs = sum(a * b for a, b in pairwise(widths))
    return COPIES * FLOAT * NETWORKS * pairs


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: torch, numpy and the dynamic linker each have words of their own."""
    words = r"allocate memory|out of memory|failed to map segment|Unable to allocate"
    return isinstance(error, MemoryError) or re.search(words, str(error)) is not None
