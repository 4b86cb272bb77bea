"""TensorBoard's scalars in Weights & Biases as well, for those who look there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from av_td3.config.errors import ConfigError


def mirror(project: str, folder: Path, config: dict[str, Any]) -> Callable[[], None]:
    """Send what TensorBoard is given from now on to a project; returns what ends it. ``WANDB_MODE=offline`` keeps it here.

    To be called before the run's log is opened: only event files that are created later are mirrored.

    Raises ConfigError where the package is not installed.
    """
    try:
        import wandb
    except ImportError:
        raise ConfigError(f"logging.wandb_project={project}: needs the package wandb: pip install 'av-td3[wandb]'") from None
    wandb.init(project=project, name=folder.name, dir=folder, config=config, sync_tensorboard=True)
    return lambda: wandb.finish()
