"""A trainer whose parts are fakes, but for the loop itself, the replay and the pool of environments."""

import threading
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from av_td3.config.callback import Callback
from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import Step
from av_td3.env.seeding import episode_seed
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage
from av_td3.training.collector import Collector
from av_td3.training.trainer import Trainer
from tests.conftest import compose_config

END, CUT = "goal", "time_limit"  # how an episode is terminated, and how it is truncated
EVALUATION_REWARD = 7.0


@cache
def _default():
    return compose_config("algorithm.batch_size=4", "evaluation.episodes=1", "evaluation.video_every_steps=null")


def configured(**changes):
    """The default configuration with these values; those of a section as a dict.

    Random actions fill the replay: a scripted environment has no route for a driver.
    """
    config = _default()
    changes = {**changes, "replay": {"fill_with": None, **changes.get("replay", {})}}
    sections = {name: getattr(config, name).model_copy(update=v) for name, v in changes.items() if isinstance(v, dict)}
    return config.model_copy(update=changes | sections)


class ScriptedEnv:
    """Episodes written down as lists of rewards; behind the rewards END, CUT, or an error that is raised.

    Evaluation's episodes are one step long. ``diary`` holds what was asked for, ``rendered`` the options of each evaluation.
    """

    restarts, renewals, sensor_losses, map_lanes, route_length = 0, 0, 0, (), 8.0
    warnings = ()
    reset_info = {"route": [(0.0, 0.0), (8.0, 0.0)]}  # noqa: RUF012

    def __init__(self, run_seed, episodes, size=8, barrier=None):
        self._barrier = barrier  # of several environments that step together
        self._evaluation = {episode_seed(run_seed, "evaluation", index) for index in range(10)}
        self._episodes = iter(episodes)
        self._script = []
        self._count = 0
        self._size = size
        self.diary, self.options, self.rendered = [], [], []

    def take_step_times(self):
        return [0.001]

    def take_notes(self):
        notes, self.warnings = list(self.warnings), ()
        return notes

    def reset(self, seed, options=None):
        evaluating = seed in self._evaluation
        self._count = seed % 200  # so that a resumed run sees the same frames
        self._script = [EVALUATION_REWARD, END] if evaluating else list(next(self._episodes))
        self.diary.append("evaluate" if evaluating else "reset")
        self.options.append(dict(options or {}))
        self.rendered += [options["render"]] if evaluating else []
        if isinstance(self._script[0], Exception):
            raise self._script[0]
        return self._observation()

    def step(self, action):
        self.diary.append("step")
        if self._barrier is not None:
            self._barrier.wait(timeout=0.5)
        if isinstance(self._script[0], Exception):
            raise self._script.pop(0)
        reward = self._script.pop(0)
        ending = self._script[0] if self._script and self._script[0] in (END, CUT) else None
        info = {
            "terms": {"progress": reward},
            "speed": 4.0,
            "travelled": 1.0,
            "over_the_line": False,
            "collided": False,
            "position": (0.0, 0.0),
            "controls": (0.0, 0.0),
        }
        if ending is not None:
            info |= {"ending": ending, "route_completion": 0.5}
        return Step(self._observation(), reward, ending == END, ending == CUT, info)

    def render(self):
        return np.full((48, 84, 3), self._count, np.uint8)

    def close(self):
        self.diary.append("close")

    def _observation(self):
        self._count += 1
        return {"image": np.full((4, self._size, self._size), self._count, np.uint8), "vector": np.zeros(23, np.float32)}


class RecordingAgent:
    """The least that an agent is. It steers straight and keeps what it is given.

    ``batches`` to learn from, and the environment step at each update and each action of the policy.
    """

    def __init__(self, measured=None):
        self.progress_tags = {"loss": "train/critic_loss"}
        self.trainer = None
        self.finite = True
        self.batches, self.updated_at, self.acted_at = [], [], []
        self._measured = measured or {}

    @property
    def updates(self):
        return len(self.batches)

    def act(self, observation):
        self.acted_at.append(self.trainer.step)
        return np.zeros(2, np.float32)

    def update(self, batch):
        self.updated_at.append(self.trainer.step)
        self.batches.append(batch)

    def drain(self):
        return dict(self._measured)

    def is_finite(self):
        return self.finite

    def state_dict(self):
        return {"updates": self.updates}

    def load_state_dict(self, state):
        self.batches = [None] * state["updates"]


class Notes:
    """A display that keeps its lines."""

    def __init__(self):
        self.lines, self.shown = [], []

    def show(self, progress):
        self.shown.append(progress)

    def note(self, text):
        self.lines.append(text)


class MemoryLog:
    """A log that keeps what it is given."""

    def __init__(self, folder):
        self.folder = folder
        self.points, self.rows, self.trajectories, self.towns, self.summaries = [], [], [], [], []

    def scalars(self, values, step):
        self.points.append((step, dict(values)))

    def values(self, tag):
        """(step, value) of every point under a tag."""
        return [(step, values[tag]) for step, values in self.points if tag in values]

    def summary(self, summary, step):
        self.summaries.append((step, summary.value[0].tag))

    def episode(self, row):
        self.rows.append(row)

    def trajectory(self, purpose, step, episode, points):
        self.trajectories.append((purpose, step, episode, len(list(points))))

    def town(self, lanes):
        self.towns.append(lanes)

    def cursor(self, step):
        return {"step": step}


class MemoryStatus:
    """A status that keeps what is written."""

    def __init__(self):
        self.written, self.alerts, self.simulator_restarts = [], {}, 0

    def write(self, state, step):
        self.written.append((state, step, dict(self.alerts)))


class MemoryCheckpoints:
    """Checkpoints that are kept in memory; ``error`` is raised instead of saving."""

    def __init__(self):
        self.saved, self.states, self.error = [], [], None

    def save(self, step, state, replay, score=None):
        if self.error is not None:
            raise self.error
        self.saved.append((step, score))
        self.states.append(state)

    def newest(self):
        return self.saved[-1][0] if self.saved else None


def fake_run(folder=Path("run"), threads=lambda: 1):
    """What a run has open."""
    preemption = SimpleNamespace(requested=False, grace_expired=False, checkpoint_requested=False)
    return SimpleNamespace(
        folder=folder,
        log=MemoryLog(folder),
        status=MemoryStatus(),
        display=Notes(),
        checkpoints=MemoryCheckpoints(),
        preemption=preemption,
        cores=SimpleNamespace(threads=threads),
    )


class Fakes:
    """A trainer on fakes, with the callbacks that a test is about."""

    def __init__(self, config, *scripts, callbacks=None, agent=None, run=None):
        self.agent, self.run = agent or RecordingAgent(), run or fake_run()
        barrier = threading.Barrier(len(scripts)) if len(scripts) > 1 else None
        self.envs = [ScriptedEnv(config.seed, episodes, barrier=barrier) for episodes in scripts]
        self.env = self.envs[0]
        frames = frame_storage("memory", 200, (1, 8, 8), None, torch.device("cpu"))
        algorithm = config.algorithm
        rings = {"stack": 4, "discount": algorithm.discount, "n_step": algorithm.n_step, "num_envs": len(scripts)}
        self.replay = Replay(frames, 23, 2, **rings)
        self._pool = EnvPool(self.envs)
        collector = Collector(self._pool, self.replay, config.action.size, config.seed, config.scenario)
        for callback in (callbacks or {}).values():
            callback.setup(config, self.run.folder)
        self.trainer = self.agent.trainer = Trainer(config, self.agent, collector, callbacks or {}, self.run)

    def train(self):
        try:
            self.trainer.train()
        finally:
            self._pool.close()
        return self

    def rewards(self):
        """All rewards that the replay holds."""
        return sorted(set(self.replay.sample(300, np.random.default_rng(0)).reward.tolist()))


def at(step, action):
    """A callback that does something after one step."""

    class At(Callback):
        def on_step(self, trainer, episode):
            if trainer.step == step:
                action(trainer)

    return At()
