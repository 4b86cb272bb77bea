"""A window that shows frames, by pygame. A process has one."""

import os

from gymnasium.error import UnsupportedMode

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

from av_td3.env.rendering.painting import Frame


def check_display() -> None:
    """Raise UnsupportedMode where pygame cannot use the display."""
    try:
        pygame.display.init()
    except pygame.error as error:
        raise UnsupportedMode(f"render_mode='human': cannot open a window: {error}") from None


class Window:
    """Shows frames in real time. The user may close it: the program continues, and later frames are not shown.

    Args:
        title: of the window.
        fps: frames per second at most.

    """

    def __init__(self, title: str, fps: float):
        self._title = title
        self._fps = fps
        self._clock = pygame.time.Clock()
        self._surface: pygame.Surface | None = None
        self._closed = False

    def show(self, frame: Frame) -> None:
        """Show a frame, uint8 (height, width, 3), red, green, blue, and wait until the next one is due."""
        if self.is_closed():
            return
        height, width = frame.shape[:2]
        if self._surface is None:
            pygame.display.init()
            pygame.display.set_caption(self._title)
            self._surface = pygame.display.set_mode((width, height))
        self._surface.blit(pygame.image.frombuffer(frame.tobytes(), (width, height), "RGB"), (0, 0))
        pygame.display.flip()
        self._clock.tick(self._fps)

    def is_closed(self) -> bool:
        """Whether the window has been closed, by the user or by ``close``."""
        if not self._closed and self._surface is not None and pygame.event.get(pygame.QUIT):
            self.close()
        return self._closed

    def close(self) -> None:
        """Close the window. Calling it again has no effect."""
        if not self._closed and self._surface is not None:
            pygame.display.quit()
        self._closed, self._surface = True, None
