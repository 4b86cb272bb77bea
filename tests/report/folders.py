"""Writes folders of runs without running them."""

import json

import numpy as np
from omegaconf import OmegaConf
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from av_td3.config.composition import composed
from av_td3.runs.town_map import write_lanes
from av_td3.runs.trajectories import EVALUATION, TRAINING, TrajectoryPoint, TrajectoryTable
from tests.diagnostics.logs import healthy


def write_run(folder, scalars=None, overrides=(), status=None, config=True, trajectories=True):
    """A run's folder with these scalars and overrides."""
    write_log(folder / "tensorboard", healthy() if scalars is None else scalars)
    if config:
        OmegaConf.save(composed(["name=test", *overrides]), folder / "config.yaml", resolve=True)
        (folder / "environment.json").write_text(json.dumps({"torch": "2.13.0", "processor": "test <b>CPU</b>"}))
        done = {"state": "done", "step": 20_000, "verdict": "GO", "error": None}
        (folder / "status.json").write_text(json.dumps(done if status is None else status))
        (folder / ".hydra").mkdir()
        OmegaConf.save(list(overrides), folder / ".hydra" / "overrides.yaml")
    if config and trajectories:
        write_trajectories(folder)
    return folder


def write_log(folder, scalars):
    folder.mkdir(parents=True)
    with (folder / "events.out.tfevents.1.host.1.0").open("wb") as file:
        writer = RecordWriter(file)
        for tag, series in scalars.items():
            for step, value in zip(series.steps, series.values, strict=True):
                summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
                writer.write(Event(step=int(step), summary=summary).SerializeToString())


def write_trajectories(folder):
    """Two evaluations of two episodes, five training episodes, on a town of two lanes."""
    rng = np.random.default_rng(0)
    table = TrajectoryTable(folder, None)
    for purpose, step, episode in [
        *((EVALUATION, step, episode) for step in (2500, 5000) for episode in (0, 1)),
        *((TRAINING, 100 * i, i) for i in range(5)),
    ]:
        actions = np.tanh(rng.normal(size=(20, 2)) * 0.5)
        points = [TrajectoryPoint(5.0 * i, 3.0 * episode, *action) for i, action in enumerate(actions)]
        table.append_trajectory(purpose, step, episode, points)
    table.close()
    write_lanes(folder, [np.array([[0.0, y], [120.0, y]]) for y in (0.0, 4.0)])
