"""What of this package needs more than reading logs does."""

from importlib.util import find_spec

from av_td3.config.errors import ConfigError

TRAIN = ("torch", "carla", "gymnasium", "cv2", "msgpack", "networkx")  # modules of the extra "train"


def require_train(purpose: str) -> None:
    """Raise ConfigError where the packages for training and for the built-in simulator are not installed."""
    missing = [module for module in TRAIN if find_spec(module) is None]
    if missing:
        raise ConfigError(f"{purpose} needs more packages ({', '.join(missing)}): pip install 'av-td3[train]'")
