"""The training loop: collect steps and learn from them. Everything else that happens in a run is a callback's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3 import metrics
from av_td3.agents.agent import Agent
from av_td3.config.callback import Callback
from av_td3.config.experiment import Config
from av_td3.config.plugins import described
from av_td3.machine import interrupts
from av_td3.runs.errors import RunFailed
from av_td3.simulator.errors import SimulatorUnavailable
from av_td3.training.collector import NO_OPTIONS, Collector, Episode
from av_td3.training.exploration import Exploration
from av_td3.training.initial_actions import make_initial_actions
from av_td3.training.memory_needs import is_out_of_memory
from av_td3.training.open_run import OpenRun
from av_td3.training.reward_scale import reward_scaler
from av_td3.training.throughput import Throughput


class Trainer:
    """One run of training.

    With one environment everything follows from the seed; with several it also depends on which of them answers first.

    Args:
        config: of the experiment.
        agent: learns and acts.
        collector: drives the environments and fills the replay.
        callbacks: by name, called in this order.
        run: what the run has open, for the callbacks.

    """

    def __init__(self, config: Config, agent: Agent, collector: Collector, callbacks: Mapping[str, Callback], run: OpenRun):
        self._config = config
        self._callbacks = callbacks
        self._exploration = Exploration(config.algorithm, config.action.size, config.seed, len(collector))
        self._initial_actions = make_initial_actions(config, self._exploration, len(collector))
        self._sampling = np.random.default_rng([config.seed, 2])
        self._scaler = reward_scaler(config.algorithm, len(collector))
        self.agent = agent
        self.collector = collector
        self.run = run
        self.step = 0  # environment steps so far
        self.total_steps = config.total_steps
        self.score: float | None = None  # reward of the newest evaluation
        self.stop_reason: str | None = None  # why a callback ended the training early
        self.preempted = False  # another process will resume the run
        self.throughput = Throughput(0, 0)

    # -- the loop ------------------------------------------------------------------------------------------------------

    def train(self) -> None:
        """Train for ``total_steps`` environment steps, or until a callback calls ``stop`` or ``preempt``.

        The last step may lie within an episode.
        """
        if self.finished:
            return  # the process before this one ended after its last checkpoint
        self.throughput = Throughput(self.step, self.agent.updates)
        self._call("on_training_start")
        if not self._is_over:
            self.collector.begin(self._reset_options())
        while not self._is_over:
            interrupts.raise_if_received()
            # After a reset there is no step yet; a lost episode has neither a step nor an observation.
            episode, observation, step = self.collector.wait()
            if step is None and not episode.is_over:
                self._call("on_episode_start", episode)
            if step is not None:
                self.step += 1
                self._scaler.observe(step.reward, episode.is_over, episode.env_index)
            if observation is not None and not self.finished:
                # Before learning, so that the environment carries it out meanwhile; the weights are those of the last update.
                self.collector.act(episode.env_index, self._choose_action(observation, episode))
            if step is not None:
                self._learn()
                self._call("on_step", episode)
            if episode.is_over:
                self._call("on_episode_end", episode)
                self._call("on_checkpoint", episode)
                if not self._is_over:
                    self.collector.begin_episode(episode.env_index, self._reset_options())
        self._call("on_training_end")
        self._call("on_checkpoint", None)

    def _choose_action(self, observation: Mapping[str, NDArray[Any]], episode: Episode) -> NDArray[np.float32]:
        if self.step < self._config.algorithm.learning_starts:
            return self._initial_actions.choose(episode, observation, self.collector.idle_info, self.step)
        action = self.agent.act(dict(observation))
        if np.shape(action) != (self._config.action.size,):
            raise RunFailed(f"algorithm: act returned shape {np.shape(action)}; must be ({self._config.action.size},)")
        return self._exploration.noisy(action, self.step)

    def _reset_options(self) -> Mapping[str, Any]:
        """Options of an episode that begins now."""
        exploring = self.step < self._config.algorithm.learning_starts
        return self._initial_actions.reset_options if exploring else NO_OPTIONS

    def _learn(self) -> None:
        """Make the updates that this step makes due."""
        algorithm = self._config.algorithm
        if self.step <= algorithm.learning_starts or self.step % algorithm.train_freq != 0:
            return
        for _ in range(algorithm.gradient_steps):
            with self.throughput.learning():
                batch, updates = self.collector.replay.sample(algorithm.batch_size, self._sampling), self.agent.updates
                self.agent.update(batch._replace(reward=self._scaler(batch.reward)))
            if self.agent.updates != updates + 1:
                raise RunFailed(f"algorithm: update must add 1 to updates, which was {updates} and is {self.agent.updates}")
            if self.agent.updates % self._config.logging.every_updates == 0:
                self._call("on_measurements", self._measurements())

    def _measurements(self) -> dict[str, float]:
        with self.throughput.learning():  # it waits for the device, whose work is part of the updates
            scalars = self.agent.drain()
        return scalars | {
            **self.throughput.end_interval(self.step, self.agent.updates),
            **self.collector.simulator_scalars(),
            metrics.EXPLORATION_NOISE: self._exploration.noise(self.step),
            metrics.UPDATES: float(self.agent.updates),
        }

    def _call(self, event: str, *arguments: Any) -> None:
        for name, callback in self._callbacks.items():
            try:
                getattr(callback, event)(self, *arguments)
            except (RunFailed, SimulatorUnavailable, OSError, MemoryError):
                raise
            except (Exception, SystemExit) as error:
                if is_out_of_memory(error):
                    raise
                raise RunFailed(f"callbacks.{name}: {event} raised {described(error)}") from error

    # -- its end -------------------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.total_steps

    @property
    def _is_over(self) -> bool:
        return self.finished or self.stop_reason is not None or self.preempted

    def stop(self, reason: str) -> None:
        """End the training after this step; the run counts as done, and its status gives the reason."""
        self.stop_reason = self.stop_reason or reason

    def preempt(self) -> None:
        """End the training after this step; another process resumes the run from its newest checkpoint."""
        self.preempted = True

    # -- its state -----------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All that the rest of the run depends on, except the replay and the log. Episodes in progress are not in it."""
        return {
            "agent": self.agent.state_dict(),
            "step": self.step,
            "episodes": self.collector.episodes_started,
            "exploration": self._exploration.state_dict(),
            "sampling": self._sampling.bit_generator.state,
            "reward_scale": self._scaler.state_dict(),
            "score": self.score,
            "callbacks": {name: callback.state_dict() for name, callback in self._callbacks.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what ``state_dict`` returned. A callback that was not there then keeps its first state."""
        self.agent.load_state_dict(state["agent"])
        self.step, self.collector.episodes_started, self.score = state["step"], state["episodes"], state["score"]
        self._exploration.load_state_dict(state["exploration"])
        self._sampling.bit_generator.state = state["sampling"]
        self._scaler.load_state_dict(state["reward_scale"])
        for name, callback in self._callbacks.items():
            if name in state["callbacks"]:
                callback.load_state_dict(state["callbacks"][name])
