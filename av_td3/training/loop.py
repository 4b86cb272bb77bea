"""The training loop: collect steps, learn from the past, write down what happened."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from av_td3 import metrics
from av_td3.agents.td3 import TD3
from av_td3.cluster.handover import HandedBack, Handover
from av_td3.config.experiment import Config
from av_td3.diagnostics.alert_watch import AlertWatch
from av_td3.env.errors import EpisodeFailed
from av_td3.env.pool import EnvPool
from av_td3.env.remote_env import Step
from av_td3.machine.core_shares import CoreShare
from av_td3.replay.buffer import Replay
from av_td3.runs.errors import RunFailed
from av_td3.runs.log import RunLog
from av_td3.runs.status import RUNNING, RunStatus
from av_td3.runs.trajectories import EVALUATION, TRAINING
from av_td3.simulator.errors import SimulatorLost
from av_td3.training.checkpoint import Checkpoints
from av_td3.training.episode import EpisodeRecord, episode_seed
from av_td3.training.evaluation import evaluate, means
from av_td3.training.exploration import Exploration
from av_td3.training.progress import Display, Figures
from av_td3.training.reward_scale import RunningRewardScale, UnscaledRewards
from av_td3.training.schedule import Every
from av_td3.training.skips import Skips
from av_td3.training.slowdown import Slowdown

SHOW_EVERY = 0.25  # s between looks at the progress display
SMOOTHING = 0.1  # weight of the newest episode in the reward and length that are shown


@dataclass
class Episode:
    """One environment's episode under way."""

    number: int
    action: NDArray[np.float32]  # the one being carried out
    record: EpisodeRecord = field(default_factory=EpisodeRecord)


class Training:
    """One run of training: who takes part in it, and how far it is.

    Each environment drives its own episode, in a lane of the replay that has its number. With one environment everything
    follows from the seed; with several it also depends on who answers first.
    """

    def __init__(
        self,
        config: Config,
        agent: TD3,
        replay: Replay,
        envs: EnvPool,
        log: RunLog,
        status: RunStatus,
        handover: Handover,
        checkpoints: Checkpoints,
        display: Display,
        cores: CoreShare,
    ):
        self._config = config
        self._agent = agent
        self._replay = replay
        self._envs = envs
        self._log = log
        self._status = status
        self._handover = handover
        self._checkpoints = checkpoints
        self._display = display
        self._cores = cores
        algorithm = config.algorithm
        self._exploration = Exploration(algorithm, config.action.size, config.seed, len(envs))
        self._sampling = np.random.default_rng([config.seed, 2])
        scaled = algorithm.reward_normalization
        self._scale = RunningRewardScale(algorithm.discount, len(envs)) if scaled else UnscaledRewards()
        self.alerts = AlertWatch(config.alerts)
        self.step = 0
        self._begun = 0  # episodes
        self._episodes: dict[int, Episode] = {}  # by lane
        self._skips = [Skips() for _ in range(len(envs))]
        self._evaluation_due = Every(config.evaluation.every_steps)
        self._evaluation_is_owed = False  # by the process that goes on
        self._checkpoint_due = Every(config.checkpoint.every_steps)
        self._score: float | None = None  # reward of the newest evaluation
        self._shown: dict[str, float] = {}
        self._last_shown = (time.monotonic(), 0)  # and the step of that moment
        self._last_logged = (time.monotonic(), 0, 0)  # and the step and the update
        self._threads: int | None = None
        self._slowdown = Slowdown()
        self._learning_seconds = 0.0  # spent on updates since the last point

    @property
    def updates(self) -> int:
        """How many updates the learner has made."""
        return self._agent.updates

    def run(self) -> None:
        """Train for ``total_steps`` environment steps, or until an alert of ``alerts.stop_on``.

        The last steps may end in the middle of an episode.
        """
        if self.step >= self._config.total_steps:
            return  # a process before this one ended after its last checkpoint
        if self._evaluation_is_owed:
            self._evaluate(0)
            self._evaluation_is_owed = False
        self._use_cores()
        for lane in range(len(self._envs)):
            self._begin_episode(lane)
        while True:
            lane, result = self._envs.next_answer()
            if isinstance(result, SimulatorLost):
                self._lose_episode(lane, result)
            elif isinstance(result, EpisodeFailed):
                self._skip_episode(lane, result)
            elif isinstance(result, Step):
                self._take_step(lane, result)
            else:
                self._log.town(self._envs[lane].map_lanes)
                self._replay.begin_episode(result, lane)
                self._drive(lane, result)
            if self.step == self._config.total_steps:
                self._evaluate(lane)
                break
            if self.alerts.stopping is not None:
                break
        self._save()

    # -- episodes ------------------------------------------------------------------------------------------------------

    def _begin_episode(self, lane: int) -> None:
        self._episodes[lane] = Episode(self._begun, np.zeros(self._config.action.size, np.float32))
        self._envs.reset(lane, episode_seed(self._config.seed, "training", self._begun))
        self._begun += 1

    def _drive(self, lane: int, observation: dict[str, NDArray[Any]]) -> None:
        """Choose an action and hand it over; the environment carries it out while the learner learns."""
        if self.step < self._config.algorithm.learning_starts:
            action = self._exploration.random(lane)
        else:
            action = self._exploration.around(self._agent.act(observation), self.step)
        self._episodes[lane].action = action
        self._envs.step(lane, action)

    def _take_step(self, lane: int, step: Step) -> None:
        episode = self._episodes[lane]
        ended = step.terminated or step.truncated
        self._replay.add(episode.action, step.reward, step.terminated, step.observation, lane)
        self._scale.observe(step.reward, ended, lane)
        episode.record.add(step.reward, step.info)
        self.step += 1
        last = self.step == self._config.total_steps
        if not ended and self._handover.overdue:
            raise HandedBack  # the checkpoint before this episode counts
        if not ended and not last:
            self._drive(lane, step.observation)
        self._learn()
        self._show()
        if ended:
            self._skips[lane].forget()
            self._finish_episode(lane)
        if ended and not last:
            self._use_cores()
            self._between_episodes(lane)
            self._begin_episode(lane)

    def _use_cores(self) -> None:
        """Take this run's part of the machine's cores. Another number of threads rounds sums otherwise, so it is recorded."""
        threads = self._cores.threads()
        if threads != self._threads:
            if self._threads is not None:
                self._display.note(
                    f"from step {self.step} on: hardware.threads {threads} instead of {self._threads}, as runs share cores"
                )
            torch.set_num_threads(threads)
            self._log.scalars({metrics.THREADS: float(threads)}, self.step)
            self._threads = threads

    def _lose_episode(self, lane: int, error: SimulatorLost) -> None:
        number = self._episodes[lane].number
        self._episodes[lane].record.ending = "lost"
        self._display.note(f"episode {number} lost at step {self.step}: {error}; restarting the simulator")
        self._finish_episode(lane)
        self._begin_episode(lane)

    def _skip_episode(self, lane: int, error: EpisodeFailed) -> None:
        episode = self._episodes[lane]
        episode.record.ending = "skipped"
        self._display.note(f"episode {episode.number} skipped at step {self.step}: {error}")
        self._write(episode)
        self._skips[lane].add(error)
        self._begin_episode(lane)

    def _finish_episode(self, lane: int) -> None:
        episode = self._episodes[lane]
        self._log.scalars(episode.record.training_scalars(), self.step)
        self._write(episode)
        self._smooth("reward", episode.record.reward)
        self._smooth("length", episode.record.length)

    def _write(self, episode: Episode) -> None:
        self._log.episode(episode.record.row(episode.number, self.step))
        self._log.trajectory(TRAINING, self.step, episode.number, episode.record.trajectory)

    def _between_episodes(self, lane: int) -> None:
        if self._evaluation_due(self.step):
            if self._handover.asked:
                self._evaluation_is_owed = True
            else:
                self._evaluate(lane)
        if self._checkpoint_due(self.step) or self._handover.asked or self._handover.warned:
            self._save()
        self._handover.warned = False
        if self._handover.asked:
            raise HandedBack

    # -- learning ------------------------------------------------------------------------------------------------------

    def _learn(self) -> None:
        """The updates that this step brings due."""
        algorithm = self._config.algorithm
        if self.step <= algorithm.learning_starts or self.step % algorithm.train_freq != 0:
            return
        for _ in range(algorithm.gradient_steps):
            began = time.monotonic()
            batch = self._replay.sample(algorithm.batch_size, self._sampling)
            self._agent.update(batch._replace(reward=self._scale(batch.reward)))
            self._learning_seconds += time.monotonic() - began
            if self._agent.updates % self._config.logging.every_updates == 0:
                self._log_updates()

    def _evaluate(self, lane: int) -> None:
        """Drive the evaluation's episodes with one environment; the others wait."""
        self._display.note(f"evaluating at step {self.step}")
        records, failures = evaluate(self._agent, self._envs[lane], self._config.seed, self._config.evaluation.episodes)
        for index, error in failures.items():
            self._display.note(f"evaluation episode {index} left out: {error}")
        scalars = means(records) | {metrics.EVAL_FAILED_EPISODES: float(len(failures))}
        self._score = scalars.get(metrics.EVAL_REWARD, self._score)
        self._log.scalars(scalars, self.step)
        for index, record in records.items():
            self._log.trajectory(EVALUATION, self.step, index, record.trajectory)
        self._display.note("  ".join(f"{name} {value:.4g}" for name, value in scalars.items()))

    def _save(self) -> None:
        if not self._agent.is_finite():
            self._display.note(f"no checkpoint at step {self.step}: a weight is no number; the ones before are kept")
            return
        try:
            self._checkpoints.save(self.step, self.state_dict(), self._replay, self._score)
        except OSError as error:
            raise RunFailed(
                f"the checkpoint at step {self.step} could not be written to {self._log.folder}: {error.strerror or error}; "
                f"the newest good one: {self._checkpoints.newest() or 'none yet'}"
            ) from error

    def state_dict(self) -> dict[str, Any]:
        """All that the rest of the run depends on, but for the replay. Episodes under way are not in it."""
        return {
            "agent": self._agent.state_dict(),
            "step": self.step,
            "episodes": self._begun,
            "exploration": self._exploration.state_dict(),
            "sampling": self._sampling.bit_generator.state,
            "reward_scale": self._scale.state_dict(),
            "score": self._score,
            "evaluation_is_owed": self._evaluation_is_owed,
            "alerts": self.alerts.status(),
            "log": self._log.cursor(self.step),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state written by ``state_dict``. The replay and the log must have been put back already."""
        self._agent.load_state_dict(state["agent"])
        self.step, self._begun, self._score = state["step"], state["episodes"], state["score"]
        self._evaluation_is_owed = state["evaluation_is_owed"]
        self._exploration.load_state_dict(state["exploration"])
        self._sampling.bit_generator.state = state["sampling"]
        self._scale.load_state_dict(state["reward_scale"])
        self.alerts.load_status(state["alerts"])
        self._evaluation_due = Every(self._config.evaluation.every_steps, done=self.step)
        self._checkpoint_due = Every(self._config.checkpoint.every_steps, done=self.step)
        self._last_shown = (time.monotonic(), self.step)
        self._last_logged = (time.monotonic(), self.step, self._agent.updates)

    # -- what is written and shown -------------------------------------------------------------------------------------

    def _log_updates(self) -> None:
        began = time.monotonic()
        scalars = self._agent.measurements.drain()  # waits for the device, whose work is part of the updates
        self._learning_seconds += time.monotonic() - began
        now, step, updates = self._last_logged
        self._last_logged = (time.monotonic(), self.step, self._agent.updates)
        seconds = max(1e-9, self._last_logged[0] - now)
        scalars[metrics.ENV_STEPS_PER_S] = (self.step - step) / seconds
        scalars[metrics.UPDATES_PER_S] = (self._agent.updates - updates) / seconds
        scalars[metrics.SIMULATOR_RESTARTS] = float(self._envs.restarts)
        scalars[metrics.EXPLORATION_NOISE] = self._exploration.noise(self.step)
        scalars[metrics.UPDATES] = float(self._agent.updates)
        self._log.scalars(scalars, self.step)
        slower = self._slowdown.observe(self._learning_seconds / max(1, self._agent.updates - updates), time.monotonic())
        self._learning_seconds = 0.0
        for line in [*self.alerts.look(scalars, self.step), *([slower] if slower else [])]:
            self._display.note(line)
        self._status.write(RUNNING, self.step, alerts=self.alerts.status())
        self._shown.update(scalars)
        self._stop_when_nothing_is_learned(scalars[metrics.peak(metrics.NON_FINITE_IN_A_ROW)])

    def _stop_when_nothing_is_learned(self, non_finite_in_a_row: float) -> None:
        if non_finite_in_a_row >= self._config.alerts.max_non_finite:
            raise RunFailed(
                f"gave up at step {self.step}: {non_finite_in_a_row:.0f} updates in a row had a gradient that is no number "
                f"and were skipped (alerts.max_non_finite={self._config.alerts.max_non_finite}); "
                f"the newest good checkpoint: {self._checkpoints.newest() or 'none yet'}"
            )

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
                episodes=self._begun,
                reward=shown("reward"),
                length=shown("length"),
                actor_loss=shown(metrics.ACTOR_LOSS),
                critic_loss=shown(metrics.CRITIC_LOSS),
                actor_norm=shown(metrics.grad_norm(metrics.ACTOR, "BEFORE")),
                critic_norm=shown(metrics.grad_norm(metrics.CRITIC, "BEFORE")),
                saturation=shown(metrics.ACTION_SATURATION),
                steps_per_second=speed,
                seconds_left=(self._config.total_steps - self.step) / speed if learning and speed > 0.0 else None,
                phase="learning" if learning else "exploring",
            )
        )
