"""A whole run on a scripted environment and a recording agent: its log, checkpoints and signals are the real ones."""

import torch

from av_td3.checkpoints.checkpoints import Checkpoints
from av_td3.cluster.preemption import PreemptionHandler
from av_td3.env.pool import EnvPool
from av_td3.machine.core_shares import CoreShare
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage
from av_td3.runs.log import RunLog
from av_td3.runs.status import RunStatus
from av_td3.training.collector import Collector
from av_td3.training.open_run import OpenRun
from av_td3.training.trainer import Trainer
from tests.training.fakes import Notes, RecordingAgent, ScriptedEnv


class ScriptedRun:
    """One process of a run. A second one in the same folder resumes it from the newest checkpoint."""

    def __init__(self, config, folder, episodes):
        self.env, self.agent, self.notes = ScriptedEnv(config.seed, episodes, size=84), RecordingAgent(), Notes()
        frames = frame_storage("memory", 200, (1, 84, 84), None, torch.device("cpu"))
        self.replay = Replay(frames, 23, 2, stack=4, discount=config.algorithm.discount)
        checkpoints = Checkpoints(folder, keep=9)
        state = checkpoints.load(self.replay, self.notes.note)
        self._pool, self._cores = EnvPool([self.env]), CoreShare(config.hardware.threads)
        self._preemption = PreemptionHandler(grace=60.0)
        for callback in config.callbacks.values():
            callback.setup(config, folder)
        self._log = RunLog(folder, None if state is None else state["log"])
        run = OpenRun(folder, self._log, RunStatus(folder), self.notes, checkpoints, self._preemption, self._cores)
        collector = Collector(self._pool, self.replay, config.action.size, config.seed, config.scenario)
        self.trainer = self.agent.trainer = Trainer(config, self.agent, collector, config.callbacks, run)
        if state is not None:
            self.trainer.load_state_dict(state)

    def train(self):
        try:
            self.trainer.train()
        finally:
            self._cores.close()
            self._pool.close()
            self._preemption.close()
            self._log.close()
        return self
