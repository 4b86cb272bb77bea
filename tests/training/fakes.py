"""A training loop among parts that are real but for the car and the learner: those do what a test wrote down."""

import numpy as np
import torch
from av_td3.cluster.handover import Handover
from av_td3.training.loop import Training

from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import Step
from av_td3.machine.core_shares import CoreShare
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage
from av_td3.runs.log import RunLog
from av_td3.runs.status import RunStatus
from av_td3.training.checkpoint import Checkpoints
from av_td3.training.episode import episode_seed

END, CUT = "goal", "time_limit"  # how an episode is terminated, and how it is truncated
EVALUATION_REWARD = 7.0


class ScriptedEnv:
    """Episodes written down as lists of rewards; behind the rewards END, CUT, or an error that is raised.

    Evaluation's episodes are one step long. ``diary`` holds what was asked for.
    """

    restarts, map_lanes = 0, ()

    def __init__(self, run_seed, episodes):
        self._seeds = {episode_seed(run_seed, "evaluation", index) for index in range(10)}
        self._episodes = iter(episodes)
        self._script = []
        self._count = 0
        self.diary = []

    def reset(self, seed):
        evaluating = seed in self._seeds
        self._script = [EVALUATION_REWARD, END] if evaluating else list(next(self._episodes))
        self.diary.append("evaluate" if evaluating else "reset")
        return self._observation()

    def step(self, action):
        self.diary.append("step")
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

    def close(self):
        self.diary.append("close")

    def _observation(self):
        self._count += 1
        return {"image": np.full((4, 84, 84), self._count, np.uint8), "vector": np.zeros(23, np.float32)}


class RecordingAgent:
    """Steers straight, and keeps what it is given: ``batches`` to learn from, and the step of each in ``updated_at``."""

    def __init__(self):
        self.training = None
        self.batches, self.updated_at, self.acted_at = [], [], []
        self.measurements = self

    @property
    def updates(self):
        return len(self.batches)

    def act(self, observation):
        self.acted_at.append(self.training.step)
        return np.zeros(2, np.float32)

    def update(self, batch):
        self.updated_at.append(self.training.step)
        self.batches.append(batch)

    def drain(self):
        return {"debug/non_finite_in_a_row_max": 0.0}

    def is_finite(self):
        return True

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class Notes:
    """What a person would see."""

    def __init__(self):
        self.lines = []

    def show(self, figures):
        pass

    def note(self, text):
        self.lines.append(text)


class ScriptedRun:
    """One process of a run. A second one in the same folder goes on from the newest checkpoint."""

    def __init__(self, config, folder, episodes):
        self.env, self.agent, self.notes = ScriptedEnv(config.seed, episodes), RecordingAgent(), Notes()
        frames = frame_storage("memory", 200, (1, 84, 84), None, torch.device("cpu"))
        self.replay = Replay(frames, 23, 2, stack=4, discount=config.algorithm.discount)
        checkpoints = Checkpoints(folder, keep=9)
        state = checkpoints.load(self.replay, self.notes.note)
        self.pool, self.handover = EnvPool([self.env]), Handover(grace=60.0)
        self.log = RunLog(folder, None if state is None else state["log"])
        status, self.cores = RunStatus(folder), CoreShare(config.hardware.threads)
        self.training = Training(
            config, self.agent, self.replay, self.pool, self.log, status, self.handover, checkpoints, self.notes, self.cores
        )
        self.agent.training = self.training
        if state is not None:
            self.training.load_state_dict(state)

    def run(self):
        try:
            self.training.run()
        finally:
            self.cores.close()
            self.pool.close()
            self.handover.close()
            self.log.close()
        return self
