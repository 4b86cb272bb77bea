import pytest
import torch

from av_td3.simulator.errors import SimulatorLost
from av_td3.training.callbacks.core_sharing import CoreSharing
from tests.training.fakes import END, Fakes, configured, fake_run


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_share_is_taken_where_an_episode_ends_and_every_change_is_recorded():
    shares = iter([1, 1, 3, 3])  # no machine begins with 3
    run = fake_run(threads=lambda: next(shares))
    episodes = [[1, 2, END], [3, 4, END], [5, SimulatorLost("gone")], [6, END], [7, 8, 9]]
    Fakes(configured(total_steps=9), episodes, callbacks={"cores": CoreSharing()}, run=run).train()
    assert torch.get_num_threads() == 3
    assert run.display.lines == ["from step 4 on: hardware.threads 3 instead of 1, as runs share cores"]
    assert run.log.values("perf/threads") == [(0, 1.0), (4, 3.0)]
