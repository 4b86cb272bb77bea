"""An evaluation: drivers on fixed routes, from configuration to page."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console

from av_td3.config.errors import ConfigError
from av_td3.config.experiment import DrivingTask
from av_td3.config.route_set import RouteSpec
from av_td3.env.remote_env import RemoteEnv
from av_td3.evaluation.driver import Driver
from av_td3.evaluation.evaluator import KMH, DrivenEpisode, Evaluator, PlannedEpisode, plan_drawn, plan_routes
from av_td3.report.evaluation_page import write_evaluation_page
from av_td3.report.evaluation_statistics import evaluation_statistics
from av_td3.report.evaluation_terminal import print_evaluation
from av_td3.runs.evaluated_episodes import write_evaluated_episodes
from av_td3.runs.evaluated_trajectories import write_evaluated_trajectories
from av_td3.runs.evaluation_folder import (
    VIDEOS,
    EpisodeProblem,
    EvaluatedPolicy,
    Evaluation,
    RouteSet,
    read_evaluation_folder,
    videos_of,
    write_evaluation,
)
from av_td3.runs.folder import simulator_log, worker_log
from av_td3.runs.town_map import write_lanes
from av_td3.runs.video import VideoWriter

COMPARED = ("scenario", "reward", "action", "simulator")  # sections on which the result depends
APART = {"scenario": ("validation_routes", "test_routes", "town", "weather"), "simulator": ("host", "port")}


@dataclass(frozen=True)
class Entry:
    """A driver that takes part.

    Attributes:
        policy: its name and where it comes from.
        driver: acts.
        task: scenario, observation, action, reward and simulator that it drives with.

    """

    policy: EvaluatedPolicy
    driver: Driver
    task: DrivingTask


@dataclass(frozen=True)
class Plan:
    """What every driver does.

    Attributes:
        name: of the route set, or ``drawn``.
        file: that the user has named; None for a set of ``conf/routes/`` and for drawn routes.
        routes: to drive; empty: drawn from the seed.
        drawn: how many routes are drawn.
        towns: in which they are drawn, where there are several.
        repeats: of each route.
        seed: of traffic, and of what is drawn.
        videos: whether each episode is recorded.
        config_changes: overrides of the user, for the record.
        version: of av-td3.

    """

    name: str
    file: str | None
    routes: Sequence[RouteSpec]
    drawn: int
    towns: Sequence[str]
    repeats: int
    seed: int
    videos: bool
    config_changes: dict[str, Any]
    version: str

    def episodes(self) -> list[PlannedEpisode]:
        """The episodes of one driver."""
        return (
            plan_routes(self.routes, self.repeats, self.seed) if self.routes else plan_drawn(self.drawn, self.seed, self.towns)
        )


def evaluate(entries: Sequence[Entry], plan: Plan, folder: Path, console: Console) -> None:
    """Drive, and write the folder of the evaluation. The episodes so far are written after each episode.

    Args:
        entries: the drivers, one after another.
        plan: what each of them does.
        folder: to write to; it is created.
        console: shows each episode, and the result.

    Raises:
        SimulatorUnavailable: there is no simulator as configured, or it cannot be restarted.
        RunFailed: the environment failed with an error that a restart would not fix.
        OSError: the folder cannot be written.

    """
    folder.mkdir(parents=True, exist_ok=True)
    driven: list[DrivenEpisode] = []
    for entry in entries:
        for number, one in enumerate(_drive(entry, plan, driven, folder, console), start=1):
            driven.append(one)
            _write(folder, driven, _record(entries, plan, driven))
            _print(console, _line(one, number, len(plan.episodes()), entry.task))
    record = _record(entries, plan, driven)
    statistics = evaluation_statistics(record, [one.row for one in driven])
    write_evaluation(folder, replace(record, summary=statistics.content()))
    recorded = read_evaluation_folder(folder)
    pages = write_evaluation_page(recorded, folder, videos_of(folder))
    print_evaluation(console, recorded)
    for page in pages:
        _print(console, str(page))


def check_towns(entries: Sequence[Entry], plan: Plan) -> None:
    """Raise ConfigError where the simulator lacks a town of the routes, before one is started and a folder written."""
    towns = sorted({route.town for route in plan.routes})
    for entry in entries:
        scenario = entry.task.scenario.model_copy(update={"town": towns} if towns else {})
        try:
            entry.task.simulator.check(scenario)
        except ConfigError as error:
            raise ConfigError(f"routes {plan.name}: {error}" if towns else str(error)) from None


def _drive(
    entry: Entry, plan: Plan, before: Sequence[DrivenEpisode], folder: Path, console: Console
) -> Iterator[DrivenEpisode]:
    """The episodes of one driver, each once it has been driven; ``before`` grows meanwhile."""
    name, task = entry.policy.name, entry.task
    with ExitStack() as stack:
        server = task.simulator.server(simulator_log(folder, 0, 1))
        env = RemoteEnv(task, server, worker_log(folder, 0, 1), render_mode="rgb_array" if plan.videos else None)
        stack.callback(env.close)

        def open_recorder(planned: PlannedEpisode) -> VideoWriter:
            fps = round(1.0 / task.simulator.fixed_delta_seconds)
            return VideoWriter(video_path(folder, name, planned), fps)

        evaluator = Evaluator(env, task, open_recorder if plan.videos else None)
        for one in evaluator.drive(name, entry.driver, plan.episodes()):
            _write_map(folder, [*before, one], env)
            for note in env.take_notes():
                _print(console, note)
            yield one


def _write_map(folder: Path, driven: Sequence[DrivenEpisode], env: RemoteEnv) -> None:
    """Write the lanes of the town, once the first episode there has been driven; none where there are several towns."""
    towns = [one.row.town for one in driven if one.row.is_driven]
    if towns and towns[-1] not in towns[:-1]:
        write_lanes(folder, env.map_lanes if len(towns) == 1 else [])


def video_path(folder: Path, name: str, planned: PlannedEpisode) -> Path:
    """The file of an episode's video; its folder exists afterwards."""
    (folder / VIDEOS).mkdir(parents=True, exist_ok=True)
    words = f"{name}-route-{planned.route_id}-repeat-{planned.repeat}"
    return folder / VIDEOS / f"{quote(words, safe='')}.mp4"  # different words give different files


def _line(one: DrivenEpisode, number: int, total: int, task: DrivingTask) -> str:
    """An episode in a line."""
    row = one.row
    done = f"{row.ending}, {100.0 * (row.route_completion or 0.0):.0f} % of the route"
    text = f"{row.policy}  {number}/{total}  route {row.route}: {done}"
    if one.failure is not None:
        return f"{text}; {one.failure}"
    speed, steps = getattr(task.reward, "target_speed", None), task.scenario.max_episode_steps
    if speed is not None and row.route_length is not None and row.ending == "time_limit":
        needed = row.route_length / (speed / KMH) / task.simulator.fixed_delta_seconds
        if needed > steps:
            return (
                f"{text}; its {row.route_length:.0f} m take {needed:.0f} steps at {speed:g} km/h, and "
                f"scenario.max_episode_steps={steps}"
            )
    return text


def _print(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _write(folder: Path, driven: Sequence[DrivenEpisode], record: Evaluation) -> None:
    """Write what has been driven so far, so that an interrupted evaluation can be read."""
    write_evaluated_episodes(folder, [one.row for one in driven])
    write_evaluated_trajectories(folder, [one.trajectory for one in driven if one.trajectory is not None])
    write_evaluation(folder, record)


def _record(entries: Sequence[Entry], plan: Plan, driven: Sequence[DrivenEpisode]) -> Evaluation:
    """The content of ``evaluation.json``, without statistics."""
    return Evaluation(
        policies=[entry.policy for entry in entries],
        routes=RouteSet(
            name=plan.name,
            file=plan.file,
            count=len({one.row.route for one in driven}),
            goals={one.row.route: one.goal for one in driven if one.goal is not None},
        ),
        seed=plan.seed,
        repeats=plan.repeats,
        config_changes=plan.config_changes,
        settings=settings(entries[0].task),
        time=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        version=plan.version,
        losses=[_problem(one, reason) for one in driven for reason in one.losses],
        failures=[_problem(one, one.failure) for one in driven if one.failure is not None],
    )


def settings(task: DrivingTask) -> dict[str, Any]:
    """On what the result depends besides driver, routes and weather, which each episode records."""
    content = task.model_dump(mode="json")
    return {name: {k: v for k, v in content[name].items() if k not in APART.get(name, ())} for name in COMPARED}


def _problem(one: DrivenEpisode, reason: str) -> EpisodeProblem:
    return EpisodeProblem(one.row.policy, one.row.route, one.row.repeat, reason)
