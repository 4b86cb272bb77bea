"""Checks that the optional dependencies for training are installed."""

from importlib.util import find_spec

from av_td3.config.errors import ConfigError

TRAIN = ("torch", "carla", "gymnasium", "cv2", "msgpack", "networkx")  # modules of the extra "train"


def require_train(purpose: str) -> None:
    """Raise ConfigError if the packages for training and for the built-in simulator are not installed."""
    missing = [module for module in TRAIN if find_spec(module) is None]
    if missing:
        raise ConfigError(f"{purpose} requires {', '.join(missing)}: pip install 'av-td3[train]'")
