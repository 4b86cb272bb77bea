"""``av-td3 evaluate``: composes what is to be evaluated, and evaluates it."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av_td3.cli.version import version
from av_td3.config.composition import driving_task
from av_td3.config.conf_folder import CONF
from av_td3.config.difference import differences
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import DrivingTask
from av_td3.config.route_set import load_route_set
from av_td3.config.unused_folder import unused_folder
from av_td3.evaluate import Entry, Plan, check_towns, evaluate, settings
from av_td3.evaluation.build import build_driver
from av_td3.evaluation.policy_driver import PolicyDriver
from av_td3.policies.load import load_policy
from av_td3.report.terminal import console
from av_td3.runs.driving_task import driving_task_of
from av_td3.runs.evaluation_folder import EVALUATIONS, EvaluatedPolicy
from av_td3.runs.folder import CHECKPOINTS

SHOWN = "render"  # keys that change nothing but videos
DRAWN = 20  # routes, where the scenario has no test routes


@dataclass(frozen=True)
class Request:
    """The options of the command line.

    Attributes:
        words: folders of runs, and overrides.
        driver: ``policy``, ``pure_pursuit``, ``autopilot`` or ``random``.
        checkpoint: ``last``, ``best`` or a step.
        routes: a route set; None: that of the scenario or town.
        episodes: how many routes to draw instead; None: none.
        seed: of the evaluation.
        repeats: of each route.
        town: to drive in; None: that of routes or scenario.
        weather: to drive in; None: that of the scenario.
        video: whether to record.
        output: folder to write to; None: below the first run, or ``outputs``.
        packages: further packages whose classes the configs of runs may name.

    """

    words: list[str]
    driver: str
    checkpoint: str
    routes: str | None
    episodes: int | None
    seed: int
    repeats: int
    town: str | None
    weather: str | None
    video: bool
    output: Path | None
    packages: list[str]


def evaluate_command(request: Request) -> int:
    """Evaluate; returns exit code 0. Raises ConfigError and what ``evaluate`` raises."""
    if request.packages:
        sys.path.append(os.getcwd())  # for the user's own classes, as in training
    runs, overrides = _sorted(request.words)
    sugar = {"scenario.town": request.town, "scenario.weather": request.weather}
    overrides += [f"{key}={value}" for key, value in sugar.items() if value is not None]
    entries = _entries(request, runs, overrides)
    _check_alike(entries)
    plan = _plan(request, entries[0].task, overrides)
    check_towns(entries, plan)
    if request.output is not None and request.output.exists() and next(request.output.iterdir(), None) is not None:
        raise ConfigError(f"{request.output}: is not empty; name a new folder with --output")
    folder = request.output or _new_folder([_run_of(path) for path in runs], request.driver, plan.name)
    evaluate(entries, plan, folder, console())
    return 0


def _sorted(words: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Folders and overrides. A folder may have a = in its name."""
    folders = [word for word in words if Path(word).exists() or "=" not in word]
    runs = [run for word in folders for run in _runs_in(Path(word))]
    return runs, [word for word in words if word not in folders]


def _runs_in(folder: Path) -> list[Path]:
    """The folder of a run or checkpoint itself; of a sweep, its runs."""
    if not folder.is_dir() or (folder / CHECKPOINTS).is_dir():
        return [folder]
    jobs = [job for job in folder.iterdir() if job.name.isdecimal() and (job / CHECKPOINTS).is_dir()]
    return sorted(jobs, key=lambda job: int(job.name)) or [folder]


def _entries(request: Request, runs: Sequence[Path], overrides: list[str]) -> list[Entry]:
    if request.driver == "policy":
        if not runs:
            raise ConfigError("name the folder of a run, or another driver with --driver pure_pursuit, autopilot or random")
        return [_policy_entry(request, run, name, overrides) for run, name in zip(runs, _names(runs), strict=True)]
    if len(runs) > 1:
        raise ConfigError(f"--driver {request.driver}: drives with the config of one run; {len(runs)} are named")
    task = driving_task_of(runs[0], overrides, request.packages) if runs else driving_task(["name=evaluation", *overrides])
    return [Entry(EvaluatedPolicy(request.driver, driver=request.driver), build_driver(request.driver, task), task)]


def _check_alike(entries: Sequence[Entry]) -> None:
    """Raise ConfigError where runs would be compared on different tasks."""
    first, first_task = entries[0].policy.name, task_content(entries[0].task)
    for entry in entries[1:]:
        changed = differences(first_task, task_content(entry.task))
        if changed:
            key, ours, theirs = changed[0]
            more = f" and in {len(changed) - 1} more keys" if len(changed) > 1 else ""
            raise ConfigError(
                f"{first} and {entry.policy.name} drive different tasks: {key} is {ours} and {theirs}{more}; set the same for "
                f"all, such as {key}={ours}, or evaluate them one by one"
            )


def task_content(task: DrivingTask) -> dict[str, Any]:
    """The settings of a task, with its towns and weathers."""
    return settings(task) | {"scenario.town": task.scenario.town, "scenario.weather": task.scenario.weather}


def _policy_entry(request: Request, run: Path, name: str, overrides: list[str]) -> Entry:
    policy = load_policy(run, request.checkpoint, packages=request.packages)
    task = driving_task_of(policy.run, overrides, request.packages)
    for section in ("observation", "action"):
        theirs, ours = ({section: getattr(found, section).model_dump(mode="json")} for found in (policy.config, task))
        changed = differences(theirs, ours)
        if changed:
            key, before, after = changed[0]
            raise ConfigError(
                f"{section}: the policy of {run} needs that of its training; {key} was {before}, is {after} (- is no such key)"
            )
    return Entry(EvaluatedPolicy(name, str(policy.run), policy.step), PolicyDriver(policy), task)


def _names(runs: Sequence[Path]) -> list[str]:
    """A name for each run: of its folder, with the folders above it where they are needed to tell them apart."""
    paths = [run.resolve() for run in runs]
    twice = next((run for run, path in zip(runs, paths, strict=True) if paths.count(path) > 1), None)
    if twice is not None:
        raise ConfigError(f"{twice}: is named twice; name each run once, and repeat its routes with --repeats")
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-parts:]) for path in paths]
        if len(set(names)) == len(names) and not any(name.isdecimal() for name in names):
            break
    return names


def _run_of(path: Path) -> Path:
    """The folder of a run, for that or one of its checkpoints."""
    return path.resolve().parent.parent if path.resolve().parent.name == CHECKPOINTS else path


def _plan(request: Request, task: DrivingTask, overrides: list[str]) -> Plan:
    name = None if request.episodes is not None else request.routes or _default_routes(request, task)
    changes = {key: value for key, _, value in (text.partition("=") for text in overrides)}
    given = {key: value for key, value in changes.items() if not key.startswith(SHOWN)}
    routes = [] if name is None else load_route_set(name).routes
    if request.weather is not None:  # comes before that of a route
        routes = [route.model_copy(update={"weather": {}}) for route in routes]
    if not routes and request.repeats > 1:
        raise ConfigError("--repeats: repeats the routes of a set with other traffic, but a drawn route comes with its traffic")
    if request.town is not None and routes:
        all_routes, routes = routes, [route for route in routes if route.town == request.town]
        if not routes:
            towns = ", ".join(sorted({route.town for route in all_routes}))
            raise ConfigError(f"--town {request.town}: the routes of {name} are in {towns}; choose another set with --routes")
    return Plan(
        name="drawn" if name is None else Path(name).stem,
        file=name if name is not None and Path(name).suffix else None,
        routes=routes,
        drawn=DRAWN if request.episodes is None else request.episodes,
        towns=task.scenario.towns,
        repeats=request.repeats,
        seed=request.seed,
        videos=request.video,
        config_changes=given,
        version=version(),
    )


def _default_routes(request: Request, task: DrivingTask) -> str | None:
    """The scenario's test routes, if one of them lies in its towns; else those of ``conf/routes/`` that are named after one."""
    scenario, default = task.scenario, task.simulator.default_town
    towns = [request.town] if request.town is not None else scenario.towns or ([] if default is None else [default])
    if scenario.test_routes is not None and (not towns or load_route_set(scenario.test_routes).of_towns(towns)):
        return scenario.test_routes
    named = [f"{town.lower()}_test" for town in towns]
    return next((name for name in named if (CONF / "routes" / f"{name}.yaml").is_file()), None)


def _new_folder(runs: Sequence[Path], driver: str, routes: str) -> Path:
    name = _file_name(f"{driver}-{routes}" if driver != "policy" else routes)
    if len(runs) == 1:
        return Path(unused_folder(str(runs[0] / EVALUATIONS), name))
    return Path(unused_folder(f"outputs/{time.strftime('%Y-%m-%d')}", f"{time.strftime('%H-%M-%S')}-evaluation-{name}"))


def _file_name(words: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in words)
