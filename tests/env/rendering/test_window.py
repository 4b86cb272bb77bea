import time

import numpy as np
import pygame
import pytest

from av_td3.env.rendering.window import Window


@pytest.fixture
def window(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.quit()
    made = Window("test", 50.0)
    yield made
    made.close()
    pygame.display.quit()


FRAME = np.zeros((48, 84, 3), np.uint8)
FRAME[:, :, 0], FRAME[10, 20] = 200, (1, 2, 3)


def test_it_shows_frames_as_they_are(window):
    window.show(FRAME)
    surface = pygame.display.get_surface()
    assert surface.get_size() == (84, 48)
    assert [tuple(surface.get_at(at))[:3] for at in ((0, 0), (20, 10))] == [(200, 0, 0), (1, 2, 3)]


def test_it_shows_them_in_real_time(window):
    window.show(FRAME)
    began = time.monotonic()
    for _ in range(5):
        window.show(FRAME)
    assert 0.08 <= time.monotonic() - began < 1.0


def test_the_user_may_close_it_and_it_stays_closed(window):
    window.show(FRAME)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    window.show(FRAME)
    assert window.is_closed()
    assert pygame.display.get_surface() is None
    window.show(FRAME)
    assert pygame.display.get_surface() is None
    window.close()


def test_a_window_that_never_opened_can_be_closed():
    window = Window("test", 50.0)
    window.close()
    assert window.is_closed()
