import importlib.util
import sys

import pytest
from gymnasium.error import DependencyNotInstalled, UnsupportedMode

from av_td3.env.rendering.mode import DISPLAYS, check_render_mode


@pytest.fixture
def no_display(monkeypatch):
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)


def refused(mode, kind, words):
    with pytest.raises(kind, match=words) as error:
        check_render_mode(mode)
    assert "\n" not in str(error.value)


def test_no_mode_and_frames_need_nothing(no_display):
    check_render_mode(None)
    check_render_mode("rgb_array")


def test_an_unknown_mode_is_refused():
    refused("ansi", UnsupportedMode, r"^render_mode='ansi': must be None or one of human, rgb_array$")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems need no variable")
def test_a_window_needs_a_display(no_display):
    refused("human", UnsupportedMode, r"^render_mode='human': there is no display .*RecordVideo$")


def test_a_display_that_does_not_answer_is_refused(no_display, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no_such_driver")
    refused("human", UnsupportedMode, "^render_mode='human': cannot open a window: ")


def test_a_window_needs_pygame(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    refused("human", DependencyNotInstalled, r"^render_mode='human': needs pygame: pip install 'av-td3\[window\]'$")
