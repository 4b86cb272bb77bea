import pytest

from av_td3.runs.errors import RunFailed
from av_td3.training.callbacks.stop_on_non_finite import StopOnNonFinite
from tests.training.fakes import Fakes, RecordingAgent, configured


def train(measured):
    config = configured(total_steps=4, algorithm={"learning_starts": 2}, logging={"every_updates": 1})
    callbacks = {"non_finite": StopOnNonFinite()}
    return Fakes(config, [range(9)], callbacks=callbacks, agent=RecordingAgent(measured)).train()


def test_a_run_whose_updates_are_all_skipped_fails_in_one_line():
    reason = r"gave up at step 3: 10 updates in a row had a non-finite gradient and were skipped \(alerts.max_non_finite=10\)"
    with pytest.raises(RunFailed, match=f"^{reason}; the newest good checkpoint: none yet$"):
        train({"debug/non_finite_in_a_row_max": 10.0})


@pytest.mark.parametrize("measured", [{"debug/non_finite_in_a_row_max": 9.0}, {}])
def test_fewer_do_not_end_it_and_an_agent_need_not_count_them(measured):
    assert train(measured).trainer.finished
