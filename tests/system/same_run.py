"""Whether two runs are bit-for-bit equal."""

import numpy as np
import torch

from av_td3.runs.scalars import read_log
from tests.system.runs import status


def assert_same_run(folder, unbroken):
    """Compare scalars, records and the final state."""
    assert_same_records(folder, unbroken)
    assert differing(last_state(folder), last_state(unbroken)) == []
    assert status(folder)["verdict"] == status(unbroken)["verdict"]


def assert_same_records(folder, unbroken):
    """Compare scalars, episodes and trajectories."""
    found, wanted = (read_log(run / "tensorboard").scalars for run in (folder, unbroken))
    assert found.keys() == wanted.keys()
    for tag in wanted:
        if not tag.startswith("perf/"):
            assert found[tag].steps.tolist() == wanted[tag].steps.tolist(), tag
            assert np.array_equal(found[tag].values, wanted[tag].values), tag
    for name in ("episodes.csv", "trajectories.csv"):
        assert (folder / name).read_bytes() == (unbroken / name).read_bytes()


def last_state(folder):
    return torch.load(max((folder / "checkpoints").glob("[0-9]*")) / "state.pt", weights_only=True)


def differing(first, second, path=""):
    """The differences of two states."""
    if isinstance(first, dict):
        assert first.keys() == second.keys(), path
        return [at for key in first for at in differing(first[key], second[key], f"{path}/{key}")]
    if isinstance(first, list | tuple):
        assert len(first) == len(second), path
        return [at for i, (a, b) in enumerate(zip(first, second, strict=True)) for at in differing(a, b, f"{path}/{i}")]
    same = torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second
    return [] if same else [path]
