"""Folders as runs leave them, without a run."""

import csv
import json

import numpy as np
from omegaconf import OmegaConf
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from av_td3.config.composition import composed
from tests.diagnostics.logs import healthy


def write_run(folder, scalars=None, overrides=(), status=None, config=True, drives=True):
    """A run's folder with these scalars, told these overrides."""
    write_log(folder / "tensorboard", healthy() if scalars is None else scalars)
    if config:
        OmegaConf.save(composed(["name=test", *overrides]), folder / "config.yaml", resolve=True)
        (folder / "environment.json").write_text(json.dumps({"torch": "2.13.0", "processor": "test <b>CPU</b>"}))
        done = {"state": "done", "step": 5000, "verdict": "GO", "error": None}
        (folder / "status.json").write_text(json.dumps(done if status is None else status))
        (folder / ".hydra").mkdir()
        OmegaConf.save(list(overrides), folder / ".hydra" / "overrides.yaml")
    if config and drives:
        write_drives(folder)
    return folder


def write_log(folder, scalars):
    folder.mkdir(parents=True)
    with (folder / "events.out.tfevents.1.host.1.0").open("wb") as file:
        writer = RecordWriter(file)
        for tag, series in scalars.items():
            for step, value in zip(series.steps, series.values, strict=True):
                summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
                writer.write(Event(step=int(step), summary=summary).SerializeToString())


def write_drives(folder):
    """Two evaluations of two episodes, five training episodes, on a town of two lanes."""
    rng = np.random.default_rng(0)
    with (folder / "drives.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["purpose", "step", "episode", "x", "y", "steer", "pedal"])
        for purpose, step, episode in [
            *(("evaluation", step, episode) for step in (2500, 5000) for episode in (0, 1)),
            *(("training", 100 * i, i) for i in range(5)),
        ]:
            for moment in range(20):
                steer, pedal = np.tanh(rng.normal(size=2) * 0.5)
                table.writerow([purpose, step, episode, 5.0 * moment, 3.0 * episode, round(steer, 3), round(pedal, 3)])
    lanes = [[[0.0, 0.0], [120.0, 0.0]], [[0.0, 4.0], [120.0, 4.0]]]
    (folder / "map.json").write_text(json.dumps({"lanes": lanes}))
