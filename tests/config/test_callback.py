import pytest

from av_td3.config.callback import Callback


@pytest.mark.parametrize(
    ("name", "hint"),
    [("on_epsiode_end", "did you mean on_episode_end"), ("on_rollout_start", "did you mean on_"), ("on_fire", "there are on_")],
)
def test_a_method_that_would_never_be_called_is_refused(name, hint):
    with pytest.raises(TypeError, match=rf"Mine\.{name} is not an event of a callback; {hint}"):
        type("Mine", (Callback,), {name: lambda self, trainer: None, "__module__": __name__})


def test_events_and_methods_of_ones_own_are_accepted():
    class Mine(Callback):
        def on_step(self, trainer, episode):
            self.count()

        def count(self):
            pass

    assert Mine().state_dict() == {}
