"""TensorBoard's scalars in Weights & Biases as well."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PrivateAttr

from av_td3.config.callback import Callback
from av_td3.config.errors import ConfigError

if TYPE_CHECKING:
    from av_td3.config.experiment import Config


class WandbMirror(Callback):
    """Sends all scalars to ``logging.wandb_project``; null sends nothing. ``WANDB_MODE=offline`` keeps them locally."""

    serves: ClassVar[tuple[str, ...]] = ("logging.wandb_project",)
    _run: Any = PrivateAttr(None)

    def setup(self, config: "Config", folder: Path) -> None:
        """Start before the log is opened: only event files that are created later are mirrored."""
        project = config.logging.wandb_project
        if project is None:
            return
        try:
            import wandb
        except ImportError:
            raise ConfigError(
                f"logging.wandb_project={project}: needs the package wandb: pip install 'av-td3[wandb]'"
            ) from None
        recorded = config.model_dump(mode="json")
        self._run = wandb.init(project=project, name=folder.name, dir=folder, config=recorded, sync_tensorboard=True)

    def close(self) -> None:
        if self._run is not None:
            self._run.finish()
