"""Visual TD3 experiments in CARLA."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av_td3.env.registration import make_env
    from av_td3.policies.load import load_policy

    __version__: str

__all__ = ["__version__", "load_policy", "make_env"]


def __getattr__(name: str) -> Any:
    """Import on first use: most of the package does without torch and gymnasium."""
    if name == "load_policy":
        from av_td3.policies.load import load_policy

        return load_policy
    if name == "make_env":
        from av_td3.env.registration import make_env

        return make_env
    if name == "__version__":
        from av_td3.cli.version import version

        return version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
