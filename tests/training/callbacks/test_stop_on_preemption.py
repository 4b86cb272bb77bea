from av_td3.config.callback import Callback
from av_td3.simulator.errors import SimulatorLost
from av_td3.training.callbacks.stop_on_preemption import StopOnPreemption
from tests.training.fakes import END, Fakes, at, configured


class CountsEnds(Callback):
    _ends: int = 0

    def on_episode_end(self, trainer, episode):
        self._ends += 1

    @property
    def ends(self):
        return self._ends


def trained(*episodes, when, signal, steps=9):
    def send(trainer):
        setattr(trainer.run.preemption, signal, True)

    own = CountsEnds()
    callbacks = {"signal": at(when, send), "preemption": StopOnPreemption(), "own": own}
    return Fakes(configured(total_steps=steps), episodes, callbacks=callbacks).train().trainer, own


def test_the_run_stops_at_the_end_of_the_episode():
    trainer, _ = trained([1, 2, 3, END], [4, 5], when=2, signal="requested")
    assert (trainer.step, trainer.preempted) == (3, True)


def test_it_stops_at_once_when_the_grace_period_has_expired():
    trainer, _ = trained([1, 2, 3, END], [4, 5], when=2, signal="grace_expired")
    assert (trainer.step, trainer.preempted) == (2, True)


def test_an_episode_that_is_lost_does_not_stop_it_as_there_is_no_checkpoint_there():
    trainer, _ = trained([1, 2, SimulatorLost("gone")], [4, 5, END], when=1, signal="requested")
    assert (trainer.step, trainer.preempted) == (4, True)


def test_a_run_that_has_done_its_last_step_finishes():
    for signal in ("requested", "grace_expired"):
        trainer, _ = trained([1, 2, END], when=2, signal=signal, steps=2)
        assert (trainer.finished, trainer.preempted) == (True, False)


def test_a_callback_below_it_is_called_for_that_last_episode_as_well():
    _, own = trained([1, 2, 3, END], [4, 5], when=2, signal="requested")
    assert own.ends == 1
