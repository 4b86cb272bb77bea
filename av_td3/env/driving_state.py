"""What reward, observation and termination are computed from."""

from dataclasses import dataclass

from av_td3.config.action import Controls
from av_td3.env.route import Place, Route


@dataclass(frozen=True)
class DrivingState:
    """The car on its route after one step."""

    route: Route
    place: Place
    progress: float  # m along the route in this step; negative when it went back
    x: float  # m
    y: float  # m
    yaw: float  # rad, clockwise
    speed: float  # m/s along the car's axis; negative in reverse
    controls: Controls  # applied in this step
    previous_controls: Controls
    delta: float  # s that the step took
    on_road: bool  # whether a driving lane lies under the car's centre
    in_junction: bool
    half_width: float  # m, of the car
    collided: bool

    def __str__(self) -> str:
        return f"{self.place.travelled:.1f} m of the route, position ({self.x:.1f}, {self.y:.1f}), {self.speed:.1f} m/s"

    @property
    def in_lane(self) -> bool:
        """Whether the car's centre is inside the route's lane."""
        return abs(self.place.lateral) <= self.route.lane_width / 2.0

    @property
    def over_the_line(self) -> bool:
        """Whether a side of the car has crossed the edge of the route's lane; junctions have no lines."""
        return not self.in_junction and abs(self.place.lateral) + self.half_width > self.route.lane_width / 2.0
