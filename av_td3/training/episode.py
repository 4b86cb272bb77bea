"""The record of one episode."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from av_td3 import metrics
from av_td3.runs.episodes import EpisodeRow
from av_td3.runs.trajectories import TrajectoryPoint


@dataclass
class EpisodeRecord:
    """Sums over the steps of an episode."""

    length: int = 0
    reward: float = 0.0
    distance: float = 0.0  # m along the route
    speed_sum: float = 0.0  # m/s
    lane_invasions: int = 0
    collided: bool = False
    ending: str = "unfinished"
    success: bool = False
    route_completion: float = 0.0
    terms: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    trajectory: list[TrajectoryPoint] = field(default_factory=list)
    _over_the_line: bool = False

    def add(self, reward: float, info: dict[str, Any]) -> None:
        """Add one step: its reward, and the ``info`` that the environment returned with it."""
        self.trajectory.append(TrajectoryPoint(*info["position"], *info["controls"]))
        self.length += 1
        self.reward += reward
        self.distance = info["travelled"]
        self.speed_sum += info["speed"]
        self.lane_invasions += info["over_the_line"] and not self._over_the_line
        self._over_the_line = info["over_the_line"]
        for name, value in info["terms"].items():
            self.terms[name] += value
        self.collided |= info["collided"]
        self.ending = info.get("ending", self.ending)
        self.success = info.get("success", self.success)
        self.route_completion = info.get("route_completion", self.route_completion)

    def row(self, episode: int, step: int) -> EpisodeRow:
        """The episode as a row of the run's table. ``step``: environment steps of training at its end."""
        return EpisodeRow(
            episode=episode,
            step=step,
            ending=self.ending,
            length=self.length,
            reward=self.reward,
            route_completion=self.route_completion,
            distance=self.distance,
            speed=self.mean_speed,
            lane_invasions=self.lane_invasions,
        )

    @property
    def mean_speed(self) -> float:
        """In m/s."""
        return self.speed_sum / max(1, self.length)

    def scalars(self) -> dict[str, float]:
        """Numbers of the episode by short name."""
        return {
            "reward": self.reward,
            "length": float(self.length),
            "route_completion": self.route_completion,
            "collisions": float(self.collided),
            "lane_invasions": float(self.lane_invasions),
            "success": float(self.success),
            "speed": self.mean_speed,
        }

    def training_scalars(self) -> dict[str, float]:
        """What a training episode logs, by tag."""
        numbers = {metrics.episode(name): value for name, value in self.scalars().items() if name != "speed"}
        return numbers | self.reward_scalars()

    def reward_scalars(self) -> dict[str, float]:
        """Mean of each term per step, and its share of the total absolute reward."""
        total = sum(abs(value) for value in self.terms.values())
        out = {metrics.reward_term(name): value / max(1, self.length) for name, value in self.terms.items()}
        out.update({metrics.reward_share(name): abs(value) / total if total else 0.0 for name, value in self.terms.items()})
        return out
