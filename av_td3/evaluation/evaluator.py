"""Drives fixed routes with a driver, and measures how."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from av_td3.config.experiment import DrivingTask
from av_td3.config.route_set import ROUTE_WEATHER, RouteSpec
from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv
from av_td3.env.seeding import episode_seed, town_option
from av_td3.evaluation.driver import Driver
from av_td3.evaluation.driving_measures import DrivingMeasures, failed_columns
from av_td3.runs.evaluated_episodes import EvaluatedEpisode
from av_td3.runs.evaluated_trajectories import EvaluatedPoint, EvaluatedTrajectory
from av_td3.simulator.errors import SimulatorLost

KMH = 3.6  # km/h in one m/s
UNKNOWN = "unknown"  # town or weather that a failed episode would have drawn


class PlannedEpisode(NamedTuple):
    """An episode to drive: the id of its route, the route or None for one drawn from the seed, number, seed and town."""

    route_id: str
    route: RouteSpec | None
    repeat: int
    seed: int
    town: Mapping[str, str] = MappingProxyType({})  # option of reset; empty where there is no choice


@dataclass
class DrivenEpisode:
    """What came of an episode.

    Attributes:
        row: of ``episodes.csv``.
        trajectory: None where it could not be driven.
        goal: x and y of the end of its route, m.
        losses: why it had to be driven again, once for each lost simulator.
        failure: why it could not be driven.

    """

    row: EvaluatedEpisode
    trajectory: EvaluatedTrajectory | None = None
    goal: tuple[float, float] | None = None
    losses: list[str] = field(default_factory=list)
    failure: str | None = None


class Recorder(Protocol):
    """Takes the frames of an episode, each uint8 (height, width, 3)."""

    def add(self, frame: NDArray[np.uint8]) -> None: ...


OpenRecorder = Callable[[PlannedEpisode], Any]  # a context manager that gives a Recorder


def _point(info: dict[str, Any]) -> EvaluatedPoint:
    (x, y), (steer, pedal) = info["position"], info["controls"]
    return EvaluatedPoint(x, y, info["speed"], steer, pedal)


def plan_routes(routes: Sequence[RouteSpec], repeats: int, seed: int) -> list[PlannedEpisode]:
    """Every route ``repeats`` times, each time with other traffic."""
    return [
        PlannedEpisode(route.id, route, repeat, episode_seed(seed, f"evaluation of {route.id}", repeat))
        for route in routes
        for repeat in range(repeats)
    ]


def plan_drawn(episodes: int, seed: int, towns: Sequence[str] = ()) -> list[PlannedEpisode]:
    """Routes drawn from the seed, each with its traffic, in one of the towns."""
    return [
        PlannedEpisode(str(index), None, 0, episode_seed(seed, "evaluation", index), town_option(towns, seed, index))
        for index in range(episodes)
    ]


class Evaluator:
    """Drives planned episodes in one environment.

    Args:
        env: in which nothing else happens meanwhile.
        task: of the environment.
        open_recorder: opens a recorder of an episode's frames; None records none.

    """

    def __init__(self, env: RemoteEnv, task: DrivingTask, open_recorder: OpenRecorder | None = None):
        self._env = env
        self._scenario = task.scenario
        self._delta = task.simulator.fixed_delta_seconds
        speed = getattr(task.reward, "target_speed", None)
        self._target_speed = None if speed is None else speed / KMH
        self._open_recorder = open_recorder

    def drive(self, name: str, driver: Driver, episodes: Sequence[PlannedEpisode]) -> Iterator[DrivenEpisode]:
        """Drive episodes, one after another.

        An episode that is lost with its simulator is driven again; one that fails counts as zero.

        Args:
            name: of the driver in the results.
            driver: drives them all.
            episodes: to drive.

        Raises:
            SimulatorUnavailable: the simulator cannot be restarted, or lacks what a route names.
            RunFailed: the environment failed with an error that a restart would not fix.

        """
        for planned in episodes:
            losses: list[str] = []
            while True:
                try:
                    yield self._rollout(name, driver, planned, losses)
                except SimulatorLost as error:
                    losses.append(str(error))
                    continue
                except EpisodeFailed as error:
                    yield self._failed(name, planned, losses, error)
                break

    def _rollout(self, name: str, driver: Driver, planned: PlannedEpisode, losses: list[str]) -> DrivenEpisode:
        options = {"route": planned.route, "observe_traffic": True, "autopilot": driver.autopilot, **planned.town}
        observation = self._env.reset(planned.seed, options)
        start = info = self._env.reset_info
        measures = DrivingMeasures(self._delta, self._target_speed)
        measures.begin(info)
        driver.begin(info, planned.seed)
        points: list[EvaluatedPoint] = []
        with nullcontext() if self._open_recorder is None else self._open_recorder(planned) as recorder:
            over = False
            while not over:
                if recorder is not None:
                    recorder.add(self._env.render())
                observation, reward, terminated, truncated, info = self._env.step(driver.act(observation, info))
                measures.add(reward, info)
                points.append(_point(info))
                over = terminated or truncated
            if recorder is not None:
                recorder.add(self._env.render())
        row = self._row(name, planned, start, losses, measures.columns())
        trajectory = EvaluatedTrajectory(name, planned.route_id, planned.repeat, np.array(points))
        return DrivenEpisode(row, trajectory, tuple(start["route"][-1]), losses)

    def _row(
        self, name: str, planned: PlannedEpisode, start: dict[str, Any], losses: list[str], columns: dict[str, Any]
    ) -> EvaluatedEpisode:
        return EvaluatedEpisode(
            policy=name,
            route=planned.route_id,
            repeat=planned.repeat,
            town=start["town"],
            weather=start["weather"],
            route_length=start["route_length"],
            simulator_losses=len(losses),
            **columns,
        )

    def _failed(self, name: str, planned: PlannedEpisode, losses: list[str], error: EpisodeFailed) -> DrivenEpisode:
        route = planned.route
        towns, weathers = self._scenario.towns if route is None else [route.town], self._scenario.weathers
        start = {
            "town": towns[0] if len(towns) == 1 else UNKNOWN,
            "weather": ROUTE_WEATHER if route is not None and route.weather else weathers[0] if len(weathers) == 1 else UNKNOWN,
            "route_length": None,
        }
        return DrivenEpisode(self._row(name, planned, start, losses, failed_columns()), losses=losses, failure=str(error))
