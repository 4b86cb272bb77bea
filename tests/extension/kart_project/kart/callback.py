"""What happens around the training loop."""

from typing import TYPE_CHECKING, Annotated, Any

from av_td3.config.callback import Callback
from av_td3.config.limits import Interval

if TYPE_CHECKING:
    from av_td3.training.collector import Episode
    from av_td3.training.trainer import Trainer


class BestEpisode(Callback):
    """Logs the best training episode's reward, and prints a line where one is better by ``margin``."""

    margin: Annotated[float, Interval(0.0, 1e6)]
    _best: float | None = None

    def on_episode_end(self, trainer: "Trainer", episode: "Episode") -> None:
        reward = episode.record.reward
        if episode.error is None and (self._best is None or reward > self._best + self.margin):
            self._best = reward
            trainer.run.display.note(f"best episode so far: {reward:.2f} at step {trainer.step}")

    def on_measurements(self, trainer: "Trainer", scalars: dict[str, float]) -> None:
        if self._best is not None:
            scalars["kart/best_reward"] = self._best

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._best = state["best"]
