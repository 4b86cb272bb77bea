"""Shows the configuration in TensorBoard: as a text, and as hyperparameters beside the final metrics."""

from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr
from torch.utils.tensorboard.summary import hparams
from yaml import safe_dump

from av_td3 import metrics
from av_td3.config.callback import Callback
from av_td3.runs.summaries import yaml_summary

if TYPE_CHECKING:
    from pathlib import Path

    from av_td3.config.experiment import Config
    from av_td3.training.trainer import Trainer

HYPERPARAMETERS = ("seed", "total_steps", "algorithm", "network", "scenario", "reward", "hardware.num_envs")
ELSEWHERE = (*("scenario.endings", "scenario.test_routes", "reward.terms"), "algorithm.buffer_size")  # not compared
METRICS = (metrics.EVAL_REWARD, metrics.EVAL_SUCCESS, metrics.EVAL_ROUTE_COMPLETION, metrics.EPISODE_REWARD)
OF_A_START = ("resume", "resume_with_changes")  # keys that say nothing about the run itself


class ConfigLogger(Callback):
    """Writes the configuration as text at the start, and when a run is resumed with changes; as hyperparameters at the end."""

    _content: dict[str, Any] = PrivateAttr()
    _may_have_changed: bool = False  # since the run started

    def setup(self, config: "Config", folder: "Path") -> None:
        content = config.model_dump(mode="json")
        self._content = {key: value for key, value in content.items() if key not in OF_A_START}
        self._may_have_changed = config.resume_with_changes

    def on_training_start(self, trainer: "Trainer") -> None:
        if trainer.step == 0 or self._may_have_changed:
            text = safe_dump(self._content, sort_keys=False)
            trainer.run.log.summary(yaml_summary(metrics.CONFIG, text), trainer.step)

    def on_training_end(self, trainer: "Trainer") -> None:
        if not trainer.preempted:
            # The metrics are their names only: TensorBoard shows the last scalar under each.
            for summary in hparams(hyperparameters(self._content), dict.fromkeys(METRICS)):  # type: ignore[no-untyped-call]
                trainer.run.log.summary(summary, trainer.step)


def hyperparameters(content: dict[str, Any]) -> dict[str, str | float]:
    """What TensorBoard compares runs by, by dotted key; a section's own entry names its class.

    Args:
        content: the configuration, nested.

    """
    leaves = _leaves(content, "")
    return {key: value for key, value in leaves.items() if _is_below(key, HYPERPARAMETERS) and not _is_below(key, ELSEWHERE)}


def _is_below(key: str, sections: tuple[str, ...]) -> bool:
    return any(key == section or key.startswith(f"{section}.") for section in sections)


def _leaves(node: dict[str, Any], prefix: str) -> dict[str, str | float]:
    leaves: dict[str, str | float] = {}
    for name, value in node.items():
        if isinstance(value, dict):
            leaves |= _leaves(value, f"{prefix}{name}.")
        elif name == "_target_":
            leaves[prefix.removesuffix(".")] = value.rpartition(".")[2]
        else:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            leaves[f"{prefix}{name}"] = value if is_number else str(value)
    return leaves
