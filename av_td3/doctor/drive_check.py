"""Drives a car through the simulator of the configuration: camera, collision sensor, traffic, and ticks per second."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from av_td3.config.experiment import DrivingTask
from av_td3.doctor.check import Check, ok, problem, warning
from av_td3.env.action import SteerPedal
from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv
from av_td3.env.vector import Speed, Waypoints
from av_td3.runs.errors import RunFailed
from av_td3.runs.folder import simulator_log, worker_log
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.training.episode import EpisodeRecord

TICKS = 200
CARS = 20  # of traffic, where the scenario has none
LOOK_AHEAD = 10.0  # m to the waypoint that the driver follows
MAX_SPEED = 20.0  # m/s, of the scaled observation
TARGET_SPEED = 7.0  # m/s
WHEELBASE, FULL_LOCK = 2.9, math.radians(35.0)  # m, rad
MIN_SPEED = 1.0  # m/s on average; below, the car does not obey
VECTOR = {"speed": Speed(scale=MAX_SPEED), "ahead": Waypoints(distances=[LOOK_AHEAD], scale=1.0)}


@dataclass
class Drive:
    """What a drive was like.

    Attributes:
        start: s until the first episode began.
        seconds: s spent in ticks.
        ticks: number of them.
        distance: m along the routes.
        collisions: episodes with a collision.
        lane_invasions: times that the car crossed a line.
        contrast: largest standard deviation of a frame's pixels, 0 to 255; None without a camera.
        notes: warnings of simulator and environment.

    """

    start: float = 0.0
    seconds: float = 0.0
    ticks: int = 0
    distance: float = 0.0
    collisions: int = 0
    lane_invasions: int = 0
    contrast: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Ticks per second."""
        return self.ticks / max(1e-9, self.seconds)


def check_drives(task: DrivingTask) -> Iterator[Check]:
    """Drive with traffic, then without.

    Args:
        task: scenario, observation and simulator of the configuration.

    """
    said: set[str] = set()
    for cars in (task.scenario.npc_vehicles or CARS, 0):
        for check in check_drive(task, cars):
            if check.text not in said:  # warnings of the server are those of the first drive
                yield check
            said.add(check.text)


def check_drive(task: DrivingTask, cars: int, ticks: int = TICKS) -> Iterator[Check]:
    """Drive for some ticks.

    Args:
        task: scenario, observation and simulator of the configuration.
        cars: number of other cars.
        ticks: length of the drive.

    """
    name = f"drive with {cars} cars" if cars else "drive without traffic"
    with TemporaryDirectory(prefix="av_td3-doctor-") as folder:
        try:
            done = drive(_with_cars(task, cars), ticks, Path(folder))
        except (SimulatorLost, SimulatorUnavailable, EpisodeFailed, RunFailed) as error:
            yield problem(
                name, f"{error}{_last_line(Path(folder))}", "start with the first problem of this list, if there is one"
            )
            return
    yield from judge(name, done, task.simulator.fixed_delta_seconds)


def drive(task: DrivingTask, ticks: int, folder: Path) -> Drive:
    """Drive along routes with pure pursuit.

    Args:
        task: whose vector is ``VECTOR``, and whose action is SteerPedal.
        ticks: number of steps; an episode that ends earlier is followed by another.
        folder: for the logs of simulator and worker.

    Raises:
        SimulatorUnavailable: the simulator was lost, or cannot be as configured.
        EpisodeFailed: any other error of an episode.
        RunFailed: any other error of the environment.

    """
    env = RemoteEnv(task, task.simulator.server(simulator_log(folder, 0, 1)), worker_log(folder, 0, 1))
    done, seed = Drive(), 0
    try:
        began = time.monotonic()
        observation = env.reset(seed)
        done.start = time.monotonic() - began
        record = EpisodeRecord()
        while done.ticks < ticks:
            if "image" in observation:
                done.contrast = max(done.contrast or 0.0, float(observation["image"].std()))
            began = time.monotonic()
            step = env.step(pure_pursuit(observation["vector"]))
            done.seconds += time.monotonic() - began
            done.ticks += 1
            record.add(step.reward, step.info)
            observation, over = step.observation, step.terminated or step.truncated
            if over or done.ticks == ticks:
                done.distance += record.distance
                done.collisions += record.collided
                done.lane_invasions += record.lane_invasions
                record = EpisodeRecord()
            if over and done.ticks < ticks:
                seed += 1
                observation = env.reset(seed)
        done.notes = [note.removeprefix("warning: ") for note in env.take_notes()]
    finally:
        env.close()
    return done


def pure_pursuit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Steer towards a waypoint and hold ``TARGET_SPEED`` (Coulter 1992, CMU-RI-TR-92-01).

    Args:
        vector: float32 (3,), the numbers of ``VECTOR``: speed, x and y of the waypoint, scaled.

    Returns:
        float32 (2,), steer and pedal.

    """
    speed, x, y = vector * (MAX_SPEED, LOOK_AHEAD, LOOK_AHEAD)
    steer = math.atan2(2.0 * WHEELBASE * y, x * x + y * y) / FULL_LOCK
    return np.asarray(np.clip([steer, 0.5 * (TARGET_SPEED - speed)], -1.0, 1.0), np.float32)


def _with_cars(task: DrivingTask, cars: int) -> DrivingTask:
    """The task with the driver's observation and action, and without a second try."""
    return task.model_copy(
        update={
            "scenario": task.scenario.model_copy(update={"npc_vehicles": cars}),
            "observation": task.observation.model_copy(update={"vector": VECTOR}),
            "action": SteerPedal(),
            "simulator": task.simulator.model_copy(update={"max_restarts": 0}),
        }
    )


def judge(name: str, done: Drive, delta: float) -> Iterator[Check]:
    """What a drive says about the simulator.

    Args:
        name: of the result.
        done: the drive.
        delta: s of simulation per tick.

    """
    for note in done.notes:
        yield warning(name, note, "")
    text = (
        f"{done.ticks} ticks at {done.rate:.0f} per second ({done.rate * delta:.1f} times real time), {done.distance:.0f} m, "
        f"collisions {done.collisions}, lane invasions {done.lane_invasions}; first episode after {done.start:.1f} s"
    )
    numbers = {"ticks_per_s": done.rate, "start_s": done.start, "distance_m": done.distance}
    if done.contrast == 0.0:
        yield problem(
            name,
            f"{text}; every image of the camera is of a single colour",
            "start CARLA with -RenderOffScreen on a GPU with Vulkan, not with -nullrhi",
            **numbers,
        )
    elif done.distance < MIN_SPEED * done.ticks * delta:
        yield warning(
            name, f"{text}; the car hardly moves", "watch it: the town, the vehicle or the physics may be at fault", **numbers
        )
    elif done.rate * delta < 1.0:
        yield warning(
            name,
            f"{text}; that is slower than the simulated time",
            "lower the quality level of CARLA, use another GPU, or fewer scenario.npc_vehicles",
            **numbers,
        )
    else:
        yield ok(name, text, **numbers)


def _last_line(folder: Path) -> str:
    """What simulator or worker wrote last."""
    lines = [line for log in sorted(folder.glob("*.log")) for line in log.read_text(errors="replace").splitlines()[-1:]]
    return f" ({'; '.join(lines)})" if lines else ""
