"""What an environment is made of, each part with keys of its own."""

from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from av_td3.config.action import Controls
from av_td3.config.hardware import Hardware
from av_td3.config.limits import Interval
from av_td3.config.observation import Color, VectorEntry
from av_td3.config.reward import RewardBreakdown
from av_td3.config.scenario import Ending, Scenario
from av_td3.config.simulator import Server
from av_td3.env.action import SteerPedal
from av_td3.env.cameras import RgbCamera
from av_td3.env.driving_state import DrivingState
from av_td3.env.reward import DrivingReward, Term
from av_td3.simulator.builtin_server import BuiltinSimulator


class BannerSimulator(BuiltinSimulator):
    """The built-in server, with a line of our own in its log."""

    banner: str

    def server(self, log: Path) -> Server:
        log.write_text(f"{self.banner}\n")
        return super().server(log)


class KartScenario(Scenario):
    """A scenario with a key that its ending refers to."""

    patience: Annotated[float, Interval(0.1, 60.0, "seconds")]


class Stuck(Ending):
    """The car has stood still for ``patience`` seconds."""

    patience: Annotated[float, Interval(0.1, 60.0, "seconds")]
    _still: float = 0.0

    def reset(self) -> None:
        self._still = 0.0

    def reached(self, state: DrivingState) -> bool:
        self._still = self._still + state.delta if abs(state.speed) < 0.05 else 0.0
        return self._still >= self.patience


class Haste(Term):
    """Speed over ``top_speed`` m/s, squared."""

    top_speed: Annotated[float, Interval(0.1, 100.0)]

    def __call__(self, state: DrivingState) -> float:
        return min(1.0, (state.speed / self.top_speed) ** 2)


class ScaledReward(DrivingReward):
    """The driving reward, times ``scale``."""

    scale: Annotated[float, Interval(0.0, 10.0)]

    def __call__(self, state: DrivingState, ending: str | None) -> RewardBreakdown:
        value, terms = super().__call__(state, ending)
        return RewardBreakdown(self.scale * value, {name: self.scale * term for name, term in terms.items()})


class RouteLeft(VectorEntry):
    """How much of the route is left; ``horizon`` m count as 1."""

    horizon: Annotated[float, Interval(1.0, 1e5, "metres")]

    def __call__(self, state: DrivingState) -> NDArray[np.float64]:
        return np.array([(state.route.length - state.place.travelled) / self.horizon])


class RoadCamera(RgbCamera):
    """A camera that sees only the lower part of its frame, ``sky`` of it cut away, as one channel."""

    blueprint: ClassVar[str] = "sensor.camera.rgb"
    sky: Annotated[float, Interval(0.0, 0.9)]

    def channels(self, color: Color) -> int:
        return 1

    def frame(self, image: NDArray[np.uint8], size: int, color: Color) -> NDArray[np.uint8]:
        return super().frame(image[int(self.sky * len(image)) :], size, "gray")


class SoftPedal(SteerPedal):
    """The pedal counts ``gain`` times."""

    gain: Annotated[float, Interval(0.1, 1.0)]

    def controls(self, action: NDArray[np.float64], previous: Controls, delta: float) -> Controls:
        steer, pedal = super().controls(action, previous, delta)
        return Controls(steer, self.gain * pedal)


class SiteHardware(Hardware):
    """A site that wants to know who pays."""

    cost_centre: str
