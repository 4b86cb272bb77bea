"""What happens around the training loop: ``callbacks``."""

import difflib
from typing import TYPE_CHECKING, Any, ClassVar

from av_td3.config.schema import Schema

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer


class Callback(Schema):
    """Called by the trainer; each method does nothing unless it is overridden.

    Attributes:
        serves: keys of other sections that have no effect without this callback.

    Derive from it, with keys of its own as fields, and list it under ``callbacks``. Callbacks are called in the order of the
    configuration. What one has to remember goes into private attributes, for example ``_best: float = 0.0``.

    What the trainer offers: ``step`` and ``total_steps`` (environment steps), ``agent``, ``collector`` (environments and
    replay), ``score`` (reward of the newest evaluation), ``stop(reason)``, and ``run``: the run's folder, log, status, display
    and checkpoints (see training/open_run.py).

    """

    serves: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Refuse a method that looks like an event and is none: it would never be called."""
        events = [name for name in vars(Callback) if name.startswith("on_")]
        for name in vars(cls):
            if name.startswith("on_") and not hasattr(Callback, name):
                near = difflib.get_close_matches(name, events, n=1, cutoff=0.6)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(events)}"
                raise TypeError(f"{cls.__name__}.{name} is not an event of a callback; {hint}")

    def setup(self, config: "Config", folder: "Path") -> None:
        """Called once before anything of the run is open. Raises ConfigError where the machine lacks what it needs."""

    def on_training_start(self, trainer: "Trainer") -> None:
        """Called before the first episode of this process; a resumed run has its state back."""

    def on_episode_start(self, trainer: "Trainer", episode: "Episode") -> None:
        """Called when an environment has been reset."""

    def on_step(self, trainer: "Trainer", episode: "Episode") -> None:
        """Called after each environment step and the updates that it made due."""

    def on_measurements(self, trainer: "Trainer", scalars: dict[str, float]) -> None:
        """Called every ``logging.every_updates`` updates.

        Args:
            trainer: the trainer.
            scalars: by tag, what was measured since the last call. What is added here, callbacks further down the list see.

        """

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        """Called when an episode is over, or lost (``episode.error``), before the next one begins."""

    def on_checkpoint(self, trainer: "Trainer", episode: "Episode | None") -> None:
        """Called when the state is complete and may be saved: after ``on_episode_end`` of all callbacks, and, with None, after
        ``on_training_end``. A change of state made here may be missing in the checkpoint.
        """

    def on_training_end(self, trainer: "Trainer") -> None:
        """Called when the last step is done, or a callback has stopped the training, or it was preempted."""

    def close(self) -> None:
        """Called at the end of the process, also after an error. Only where ``setup`` has been called."""

    def state_dict(self) -> dict[str, Any]:
        """What another process needs to continue: tensors, numbers, strings, None, and lists and dicts of them."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned."""
