"""Trains TD3, SAC and PPO of Stable-Baselines3 in our environment, and evaluates them beside pure pursuit and random actions.

    python bench/learners.py
    python bench/learners.py --algorithms td3 --steps 5000 --every 2500 --observation front_camera --scenario suburb_traffic

The hyperparameters are the defaults of Stable-Baselines3, except that TD3's actions get noise (standard deviation 0.1) and a
replay buffer holds at most 50,000 transitions. Each learner trains on one core, with a built-in simulator beside it. Every
``--every`` steps it is evaluated on the validation routes of the scenario; these points are in ``learning_curve.csv``. At the
end all drive the test routes of the scenario, or those of ``--routes``. The folder is that of an evaluation, which
``av-td3 report`` and ``av-td3 compare`` read.

The models are not saved: files of Stable-Baselines3 are pickles, which can run code when they are loaded, so
``av-td3 evaluate`` does not load them. A script that has such a model evaluates it as this one does, with a PolicyDriver.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from learning_curve import CurvePoint, LearningCurve
from quick import NOTE, add_quick
from rich.console import Console
from rich.table import Table
from sb3_models import ALGORITHMS, free_experience, make_model

from av_td3 import make_env
from av_td3.cli.version import version
from av_td3.config.composition import driving_task
from av_td3.config.errors import ConfigError
from av_td3.config.experiment import DrivingTask
from av_td3.config.route_set import load_route_set
from av_td3.config.unused_folder import unused_folder
from av_td3.env.remote_env import RemoteEnv
from av_td3.evaluate import Entry, Plan, evaluate
from av_td3.evaluation.build import build_driver
from av_td3.evaluation.evaluator import Evaluator
from av_td3.evaluation.policy_driver import PolicyDriver
from av_td3.runs.evaluation_folder import EvaluatedPolicy

DRIVERS = ("pure_pursuit", "random")
DRAWN = 10  # routes, where the scenario names none
QUICK = ("scenario.max_episode_steps=20", "scenario.validation_routes=null", "scenario.test_routes=null")
QUICK_STEPS, QUICK_ROUTES = 64, 1


@dataclass(frozen=True)
class Bench:
    """What all learners have in common.

    Args:
        overrides: from which the environment is composed.
        steps: of training.
        every: steps between evaluations.
        seed: of training and evaluation.
        validation: during training.
        test: at the end.
        folder: to write to.

    """

    overrides: tuple[str, ...]
    steps: int
    every: int
    seed: int
    validation: Plan
    test: Plan
    folder: Path

    @property
    def task(self) -> DrivingTask:
        return driving_task(["name=bench", *self.overrides])


def train(name: str, bench: Bench, evaluator: Evaluator, points: list[CurvePoint]) -> tuple[Any, float]:
    """Train a learner; returns the model and the seconds that this took without its evaluations, which are added to points."""
    with closing(make_env(overrides=bench.overrides)) as env:
        model = make_model(name, env, bench.steps, bench.seed)
        curve = LearningCurve(name, evaluator, bench.validation.episodes(), bench.every, points, bench.folder)
        model.learn(bench.steps, callback=curve)
        seconds = curve.seconds
    free_experience(model)
    return model, seconds


@contextmanager
def evaluation_env(task: DrivingTask) -> Iterator[RemoteEnv]:
    """An environment for the evaluations during training, with a simulator of its own."""
    with TemporaryDirectory() as folder:
        server = task.simulator.server(Path(folder) / "simulator.log")
        with closing(RemoteEnv(task, server, Path(folder) / "worker.log")) as env:
            yield env


def curve_table(points: Sequence[CurvePoint]) -> Table:
    table = Table("learner", "step", "training, s", "driving score", "route completion", "success", title="validation routes")
    for point in points:
        shares = (point.driving_score, point.route_completion, point.success)
        table.add_row(point.learner, f"{point.step}", f"{point.seconds:.0f}", *(f"{share:.2f}" for share in shares))
    return table


def plan(name: str | None, seed: int, drawn: int, *, videos: bool) -> Plan:
    """Each route of a set once; without a name, routes drawn from the seed. Raises ConfigError."""
    return Plan(
        name="drawn" if name is None else Path(name).stem,
        file=name if name is not None and Path(name).suffix else None,
        routes=[] if name is None else load_route_set(name).routes,
        drawn=drawn,
        towns=(),
        repeats=1,
        seed=seed,
        videos=videos,
        config_changes={},
        version=version(),
    )


def planned(arguments: argparse.Namespace) -> Bench:
    """Raises ConfigError."""
    quick, seed = arguments.quick, arguments.seed
    overrides = (f"scenario={arguments.scenario}", f"observation={arguments.observation}", *(QUICK if quick else ()))
    scenario = driving_task(["name=bench", *overrides]).scenario
    test = scenario.test_routes if quick or arguments.routes is None else arguments.routes
    drawn = QUICK_ROUTES if quick else DRAWN
    validation = plan(scenario.validation_routes, seed, drawn, videos=False)
    test_plan = plan(test, seed, drawn, videos=arguments.video)
    now = time.strftime("%Y-%m-%d"), time.strftime("%H-%M-%S")
    folder = arguments.output or Path(unused_folder(f"outputs/{now[0]}", f"{now[1]}-learners"))
    folder.mkdir(parents=True, exist_ok=True)
    steps, every = (QUICK_STEPS, QUICK_STEPS // 2) if quick else (arguments.steps, arguments.every)
    return Bench(overrides, steps, every, seed, validation, test_plan, folder)


def algorithms(text: str) -> list[str]:
    names = text.split(",")
    unknown = next((name for name in names if name not in ALGORITHMS), None)
    if unknown is not None:
        raise argparse.ArgumentTypeError(f"{unknown}: must be some of {','.join(ALGORITHMS)}")
    return names


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be an integer of at least 1")
    return int(text)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--algorithms", type=algorithms, default=list(ALGORITHMS), help=f"some of {','.join(ALGORITHMS)}")
    options.add_argument("--steps", type=positive, default=50_000, help="of training, of each learner")
    options.add_argument("--every", type=positive, default=5000, help="steps between evaluations")
    options.add_argument("--observation", choices=("vector", "front_camera"), default="vector")
    options.add_argument("--scenario", default="suburb_empty", help="a file of conf/scenario/")
    options.add_argument("--routes", help="to evaluate on at the end: a set of conf/routes/, or a file")
    options.add_argument("--seed", type=int, default=0, help="of training and evaluation")
    options.add_argument("--video", action="store_true", help="record each episode of the end")
    options.add_argument("--output", type=Path, help="folder to write to; default: a new one in outputs/")
    add_quick(options)
    return options


def main() -> None:
    options = parser()
    arguments = options.parse_args()
    try:
        bench = planned(arguments)
    except ConfigError as error:
        options.error(str(error))
    torch.set_num_threads(1)
    console, points, entries = Console(), list[CurvePoint](), list[Entry]()
    with evaluation_env(bench.task) as other:
        evaluator = Evaluator(other, bench.task)
        for name in arguments.algorithms:
            model, seconds = train(name, bench, evaluator, points)
            entries.append(Entry(EvaluatedPolicy(name, driver="stable_baselines3"), PolicyDriver(model), bench.task))
            console.print(f"{name}: {bench.steps} steps in {seconds:.0f} s, {bench.steps / seconds:.0f} per s")
    entries += [Entry(EvaluatedPolicy(kind, driver=kind), build_driver(kind, bench.task), bench.task) for kind in DRIVERS]
    evaluate(entries, bench.test, bench.folder, console)
    console.print(curve_table(points))
    if arguments.quick:
        console.print(NOTE)


if __name__ == "__main__":
    main()
