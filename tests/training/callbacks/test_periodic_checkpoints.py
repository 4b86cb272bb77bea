import pytest

from av_td3.config.callback import Callback
from av_td3.runs.errors import RunFailed
from av_td3.simulator.errors import SimulatorLost
from av_td3.training.callbacks.periodic_checkpoints import PeriodicCheckpoints
from av_td3.training.callbacks.periodic_evaluation import PeriodicEvaluation
from av_td3.training.callbacks.stop_on_preemption import StopOnPreemption
from tests.training.fakes import CUT, END, EVALUATION_REWARD, Fakes, at, configured, fake_run


def trained(*episodes, steps, every=3, before=None, run=None):
    callbacks = {**(before or {}), "checkpoints": PeriodicCheckpoints()}
    config = configured(total_steps=steps, checkpoint={"every_steps": every}, evaluation={"every_steps": 5})
    return Fakes(config, episodes, callbacks=callbacks, run=run).train()


def test_a_state_is_saved_at_the_first_end_of_an_episode_after_it_is_due_and_at_the_end():
    done = trained([1, 2, END], [3, 4, END], [5], steps=5)
    assert [step for step, _ in done.run.checkpoints.saved] == [4, 5]
    assert done.run.checkpoints.states[0]["log"] == {"step": 4}
    assert done.run.checkpoints.states[0]["step"] == 4


def test_it_holds_the_evaluation_of_the_same_moment():
    evaluation = {"evaluation": PeriodicEvaluation()}
    done = trained([1, 2, 3, END], [1, 2, 3, CUT], [1, 2, 3, 4, END], steps=10, before=evaluation)
    assert done.run.checkpoints.saved == [(3, None), (6, EVALUATION_REWARD), (10, EVALUATION_REWARD)]


def test_nothing_is_saved_where_an_episode_was_lost():
    done = trained([1, 2, 3, SimulatorLost("gone")], [4, 5, END], [6], steps=6)
    assert [step for step, _ in done.run.checkpoints.saved] == [5, 6]


def test_the_scheduler_may_ask_for_one():
    def ask(trainer):
        trainer.run.preemption.checkpoint_requested = True

    done = trained([1, 2, END], [3, 4, END], steps=4, every=100, before={"ask": at(1, ask)})
    assert [step for step, _ in done.run.checkpoints.saved] == [2, 4]
    assert not done.run.preemption.checkpoint_requested


def test_a_run_that_is_preempted_at_the_end_of_an_episode_saves_there():
    def request(trainer):
        trainer.run.preemption.requested = True

    before = {"request": at(1, request), "preemption": StopOnPreemption()}
    done = trained([1, 2, END], [3, 4, END], steps=4, every=100, before=before)
    assert [step for step, _ in done.run.checkpoints.saved] == [2]


def test_it_is_due_again_after_every_so_many_steps_of_a_resumed_run():
    config = configured(total_steps=6, checkpoint={"every_steps": 3})
    done = Fakes(config, [[1, 2, END], [3, 4, END], [5]], callbacks={"checkpoints": PeriodicCheckpoints()})
    done.trainer.step = 1
    done.train()
    assert [step for step, _ in done.run.checkpoints.saved] == [3, 6]


def test_it_holds_what_callbacks_below_it_learn_from_the_same_episode():
    class Counts(Callback):
        _count: int = 0

        def on_episode_end(self, trainer, episode):
            self._count += 1

        def state_dict(self):
            return {"count": self._count}

    callbacks = {"checkpoints": PeriodicCheckpoints(), "counts": Counts()}
    done = Fakes(
        configured(total_steps=4, checkpoint={"every_steps": 2}), [[1, 2, END], [3, 4, END]], callbacks=callbacks
    ).train()
    assert [state["callbacks"]["counts"]["count"] for state in done.run.checkpoints.states] == [1, 2]


def test_a_preempted_run_saves_nothing_within_an_episode():
    done = trained(range(9), steps=9, before={"preempt": at(4, lambda trainer: trainer.preempt())})
    assert done.run.checkpoints.saved == []


def test_a_run_that_is_stopped_early_is_saved():
    done = trained(range(9), steps=9, before={"stop": at(4, lambda trainer: trainer.stop("enough"))})
    assert [step for step, _ in done.run.checkpoints.saved] == [4]


def test_weights_that_are_not_finite_are_not_saved():
    def spoil(trainer):
        trainer.agent.finite = False

    done = trained([1, 2, 3, END], [4], steps=4, before={"spoil": at(1, spoil)})
    assert done.run.checkpoints.saved == []
    assert done.run.display.lines[0] == "no checkpoint at step 3: a weight is non-finite; earlier checkpoints are kept"


def test_a_full_disk_ends_the_run_in_one_line():
    run = fake_run()
    run.checkpoints.error = OSError(28, "No space left on device")
    with pytest.raises(RunFailed, match=r"at step 3 could not be written to run: No space left on device; .*: none yet$"):
        trained([1, 2, 3, END], [4], steps=4, run=run)
