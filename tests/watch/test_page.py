"""The page in a real browser."""

import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.test_watch import watching
from tests.watch.browser import CHROMIUM, browser
from tests.watch.frames import png, run_folder, show
from tests.watch.test_server import served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
WINDOWS = {"wide": (1280, 800), "narrow": (390, 844)}
IMAGE, MESSAGE = "document.getElementById('image').src", "document.getElementById('message').textContent"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def folder(tmp_path):
    return run_folder(tmp_path)


def text(element):
    return f"document.getElementById('{element}').textContent"


def keep(page, name):
    """Keep a screenshot where AV_TD3_SCREENSHOTS names a folder, to look at it."""
    if "AV_TD3_SCREENSHOTS" in os.environ:
        page.screenshot(Path(os.environ["AV_TD3_SCREENSHOTS"]) / f"{name}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", WINDOWS)
def test_the_page_follows_the_run_and_fits_the_window(page, folder, window, scheme):
    show(folder, 40)
    with served(folder) as server:
        page.open(server.address, *WINDOWS[window], scheme)
        first = page.until(f"document.getElementById('image').naturalWidth && {IMAGE}")
        heights = page.value("document.documentElement.scrollHeight")
        show(folder, 41, image=png(shade=60), speed=7.5, ending="collision", route_completion=0.25)
        page.until(f"{IMAGE} !== {json.dumps(first)}")
        page.until(f"{text('speed')} === '7.5' && {text('route')} === '25\\u00a0%'")
        assert "collision" in page.value(text("previous"))
        assert page.value("document.documentElement.scrollHeight") == heights  # nothing jumps
        assert page.value("document.documentElement.scrollWidth") == WINDOWS[window][0]
        keep(page, f"{window}-{scheme}")


def test_the_camera_keeps_its_shape(page, folder):
    show(folder, 40, image=png(cameras=2))
    with served(folder) as server:
        page.open(server.address, *WINDOWS["wide"])
        page.until("document.getElementById('image').naturalWidth === 168")
        fit, pixels = page.value("(s => [s.objectFit, s.imageRendering])(getComputedStyle(document.getElementById('image')))")
        box = page.value("(r => r.bottom <= innerHeight)(document.getElementById('camera').getBoundingClientRect())")
        keep(page, "two-cameras")
    assert (fit, pixels, box) == ("contain", "pixelated", True)


def test_before_the_first_frame_it_waits(page, folder):
    with served(folder) as server:
        page.open(server.address, *WINDOWS["narrow"])
        page.until(f"{text('run')} === 'run' && {text('state')} === 'running'")
        assert page.value(MESSAGE) == "waiting for the first frame"
        keep(page, "waiting")


def test_the_end_of_the_run_is_shown_and_no_more_is_asked(page, folder):
    show(folder, 40)
    with served(folder) as server:
        page.open(server.address, *WINDOWS["wide"])
        page.until(f"{text('state')} === 'running'")
        (folder / "status.json").write_text(json.dumps({"state": "failed", "step": 41, "error": "out of <b>memory</b>"}))
        page.until(f"{MESSAGE} === 'the run has ended: out of <b>memory</b>'")
        keep(page, "failed")
        asked = page.value("performance.getEntriesByType('resource').length")
        time.sleep(0.6)
        assert page.value("performance.getEntriesByType('resource').length") == asked


def test_another_environment_is_chosen_with_the_keyboard(page, folder):
    show(folder, 40)
    show(folder, 50, env_index=1)
    with served(folder) as server:
        page.open(server.address, *WINDOWS["narrow"])
        page.until(f"{text('episode-step')} === '40'")
        page.value("document.querySelector('input:checked').focus()")
        for kind in ("keyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39)
        page.until(f"{text('episode-step')} === '50'")
        assert page.value("document.documentElement.scrollWidth") == WINDOWS["narrow"][0]
        keep(page, "two-environments")


def test_the_map_follows_the_car_or_shows_the_whole_town(page, folder):
    show(folder, 40)
    with served(folder) as server:
        page.open(server.address, *WINDOWS["wide"])
        page.until("document.querySelectorAll('#lanes path').length === 2")
        box = "document.getElementById('map').getAttribute('viewBox')"
        assert page.value(box) == "64 10 80 80"
        page.value("document.getElementById('follow').click()")
        page.until(f"{box} === '-10 38 220 24'")
        keep(page, "whole-town")


def test_a_server_that_is_gone_is_named(page, folder):
    show(folder, 40)
    with watching(folder) as process:
        page.open(process.stdout.readline().split()[3], *WINDOWS["wide"])
        page.until(f"{text('state')} === 'running'")
        process.kill()
    page.until(f"{MESSAGE}.startsWith('no connection')")
