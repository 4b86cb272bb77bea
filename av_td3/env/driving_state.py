"""The state from which reward, observation and termination are computed."""

from dataclasses import dataclass

from av_td3.config.action import Controls
from av_td3.env.route import Place, Route


@dataclass(frozen=True)
class DrivingState:
    """The car and its route after one step.

    Attributes:
        route: the route that the car follows.
        place: the car's position relative to the route.
        progress: metres along the route in this step; negative when the car moved back.
        x: position in CARLA's frame, metres.
        y: position in CARLA's frame, metres.
        yaw: radians, clockwise seen from above.
        speed: m/s along the car's axis; negative in reverse.
        controls: applied in this step.
        previous_controls: applied in the step before.
        delta: duration of the step in seconds.
        on_road: whether the car's centre is over a driving lane.
        in_junction: whether that lane belongs to a junction.
        half_width: of the car, metres.
        collided: whether the car was hit in this step.

    """

    route: Route
    place: Place
    progress: float
    x: float
    y: float
    yaw: float
    speed: float
    controls: Controls
    previous_controls: Controls
    delta: float
    on_road: bool
    in_junction: bool
    half_width: float
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
