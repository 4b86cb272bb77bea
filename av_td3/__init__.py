"""Visual TD3 experiments in CARLA."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av_td3.env.registration import make_env

__all__ = ["make_env"]


def __getattr__(name: str) -> Any:
    """Import on first use: most of the package does without gymnasium and torch."""
    if name == "make_env":
        from av_td3.env.registration import make_env

        return make_env
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
