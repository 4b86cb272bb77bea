"""The training loop: collect a step, learn from the past, write down what happened."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3.agent.td3 import TD3
from av_td3.config import Config
from av_td3.env.remote_env import RemoteEnv
from av_td3.errors import SimulatorLost
from av_td3.replay import Replay
from av_td3.training.checkpoint import Checkpoints
from av_td3.training.episode import EpisodeRecord, episode_seed
from av_td3.training.evaluation import evaluate
from av_td3.training.progress import Display, Figures
from av_td3.training.run_log import RunLog, write_status
from av_td3.training.schedule import Every

SHOW_EVERY = 0.25  # s between looks at the progress display
SMOOTHING = 0.1  # weight of the newest episode in the reward and length that are shown


class Training:
    """One run of training: who takes part in it, and how far it is."""

    def __init__(
        self,
        config: Config,
        agent: TD3,
        replay: Replay,
        env: RemoteEnv,
        log: RunLog,
        checkpoints: Checkpoints,
        display: Display,
    ):
        self._config = config
        self._agent = agent
        self._replay = replay
        self._env = env
        self._log = log
        self._checkpoints = checkpoints
        self._display = display
        self._exploration = np.random.default_rng([config.seed, 1])
        self._sampling = np.random.default_rng([config.seed, 2])
        self._random_action = np.zeros(2, np.float32)
        self.step = 0
        self._episodes = 0
        self._evaluation_due = Every(config.evaluation.every_steps)
        self._checkpoint_due = Every(config.checkpoint.every_steps)
        self._shown: dict[str, float] = {}
        self._last_shown = (time.monotonic(), 0)  # and the step of that moment
        self._last_logged = (time.monotonic(), 0, 0)  # and the step and the update

    @property
    def updates(self) -> int:
        """How many updates the learner has made."""
        return self._agent.updates

    def run(self) -> None:
        """Train for ``total_steps`` environment steps; the last ones may end in the middle of an episode."""
        while self.step < self._config.total_steps:
            self._episode()
            if self.step < self._config.total_steps and self._checkpoint_due(self.step):
                self._save()
            if self.step < self._config.total_steps and self._evaluation_due(self.step):
                self._evaluate()
        self._evaluate()
        self._save()

    # -- one episode ---------------------------------------------------------------------------------------------------

    def _episode(self) -> None:
        record = EpisodeRecord()
        observation = self._env.reset(episode_seed(self._config.seed, "training", self._episodes))
        self._replay.begin_episode(observation)
        self._episodes += 1
        try:
            ended = False
            while not ended and self.step < self._config.total_steps:
                observation, ended = self._step(observation, record)
        except SimulatorLost as error:
            record.ending = "lost"
            self._display.note(f"episode {self._episodes - 1} lost at step {self.step}: {error}; restarting the simulator")
        if record.ending != "unfinished":  # as the one that the end of the run cuts off
            self._log.episode(self._episodes - 1, record, self.step)
            self._smooth("reward", record.reward)
            self._smooth("length", record.length)

    def _step(self, observation: dict[str, NDArray[Any]], record: EpisodeRecord) -> tuple[dict[str, NDArray[Any]], bool]:
        action = self._choose(observation)
        step = self._env.step(action)
        self._replay.add(action, step.reward, step.terminated, step.observation)
        record.add(step.reward, step.info)
        self.step += 1
        algorithm = self._config.algorithm
        if self.step > algorithm.learning_starts and self.step % algorithm.train_freq == 0:
            for _ in range(algorithm.gradient_steps):
                self._learn()
        self._show()
        return step.observation, step.terminated or step.truncated

    def _choose(self, observation: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Random actions until learning starts, then the policy plus Gaussian noise."""
        if self.step < self._config.algorithm.learning_starts:
            if self.step % self._config.algorithm.random_action_steps == 0:
                self._random_action = self._exploration.uniform(-1.0, 1.0, 2).astype(np.float32)
            return self._random_action
        noise = self._exploration.normal(0.0, self._config.algorithm.exploration_noise, 2)
        return np.clip(self._agent.act(observation) + noise, -1.0, 1.0).astype(np.float32)

    def _learn(self) -> None:
        self._agent.update(self._replay.sample(self._config.algorithm.batch_size, self._sampling))
        if self._agent.updates % self._config.logging.every_updates == 0:
            self._log_updates()

    # -- between episodes ----------------------------------------------------------------------------------------------

    def _evaluate(self) -> None:
        self._display.note(f"evaluating at step {self.step}")
        scalars = evaluate(self._agent, self._env, self._config.seed, self._config.evaluation.episodes)
        self._log.scalars(scalars, self.step)
        self._display.note("  ".join(f"{name} {value:.4g}" for name, value in scalars.items()))

    def _save(self) -> None:
        state = {
            "agent": self._agent.state_dict(),
            "step": self.step,
            "episodes": self._episodes,
            "exploration": self._exploration.bit_generator.state,
            "sampling": self._sampling.bit_generator.state,
            "random_action": self._random_action.tolist(),
        }
        self._checkpoints.save(self.step, state)

    # -- what is written and shown -------------------------------------------------------------------------------------

    def _log_updates(self) -> None:
        scalars = self._agent.measurements.drain()
        now, step, updates = self._last_logged
        self._last_logged = (time.monotonic(), self.step, self._agent.updates)
        seconds = max(1e-9, self._last_logged[0] - now)
        scalars["perf/env_steps_per_s"] = (self.step - step) / seconds
        scalars["perf/updates_per_s"] = (self._agent.updates - updates) / seconds
        scalars["perf/simulator_restarts"] = float(self._env.restarts)
        self._log.scalars(scalars, self.step)
        write_status(self._log.folder, "running", self.step)
        self._shown.update(scalars)

    def _smooth(self, name: str, value: float) -> None:
        self._shown[name] = self._shown.get(name, value) * (1.0 - SMOOTHING) + value * SMOOTHING

    def _show(self) -> None:
        now = time.monotonic()
        then, step = self._last_shown
        if now - then < SHOW_EVERY and self.step < self._config.total_steps:
            return
        self._last_shown = (now, self.step)
        speed = (self.step - step) / max(1e-9, now - then)
        learning = self._agent.updates > 0
        shown = self._shown.get
        self._display.show(
            Figures(
                step=self.step,
                total_steps=self._config.total_steps,
                episodes=self._episodes,
                reward=shown("reward"),
                length=shown("length"),
                actor_loss=shown("train/actor_loss"),
                critic_loss=shown("train/critic_loss"),
                actor_norm=shown("debug/actor_grad_norm_BEFORE_clip"),
                critic_norm=shown("debug/critic_grad_norm_BEFORE_clip"),
                saturation=shown("debug/action_saturation"),
                steps_per_second=speed,
                seconds_left=(self._config.total_steps - self.step) / speed if learning and speed > 0.0 else None,
                phase="learning" if learning else "exploring",
            )
        )
