"""An action with another component than ours."""

from typing import ClassVar

from av_td3.config.action import Action, Controls


class Steer(Action):
    names: ClassVar[tuple[str, ...]] = ("steering",)

    def controls(self, action, previous, delta):
        return Controls(float(action[0]), 0.2)
