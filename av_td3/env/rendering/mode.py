"""Gymnasium's render modes of the environment."""

import importlib.util
import os
import sys

from gymnasium.error import DependencyNotInstalled, UnsupportedMode

HUMAN, RGB_ARRAY = "human", "rgb_array"
RENDER_MODES = [HUMAN, RGB_ARRAY]
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")  # environment variables, one of which a window needs on Linux


def check_render_mode(render_mode: str | None) -> None:
    """Check that a render mode can be used here, before anything is started for it.

    Raises:
        UnsupportedMode: there is no such mode, or ``human`` and no display.
        DependencyNotInstalled: ``human``, and pygame is not installed.

    """
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise UnsupportedMode(f"render_mode={render_mode!r}: must be None or one of {', '.join(RENDER_MODES)}")
    if render_mode == HUMAN:
        _check_window()


def _check_window() -> None:
    if importlib.util.find_spec("pygame") is None:
        raise DependencyNotInstalled(f"render_mode={HUMAN!r}: needs pygame: pip install 'av-td3[window]'")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in DISPLAYS):
        raise UnsupportedMode(
            f"render_mode={HUMAN!r}: there is no display (DISPLAY and WAYLAND_DISPLAY are not set); use "
            f"render_mode={RGB_ARRAY!r}, for example with gymnasium.wrappers.RecordVideo"
        )
    from av_td3.env.rendering.window import check_display

    check_display()
