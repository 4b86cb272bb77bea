"""Episodes without exploration noise, the same ones every time."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from av_td3 import metrics
from av_td3.agents.agent import Agent
from av_td3.config.experiment import Config
from av_td3.config.route_set import RouteSpec, load_route_set
from av_td3.env.errors import EpisodeFailed
from av_td3.env.remote_env import RemoteEnv
from av_td3.env.seeding import episode_seed, town_option
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.training.episode import EpisodeRecord
from av_td3.training.episode_video import EpisodeVideo


class EvaluationEpisode(NamedTuple):
    """An episode to drive: the seed of its traffic, its route, or None for one that is drawn from the seed, and its town."""

    seed: int
    route: RouteSpec | None
    town: Mapping[str, str]  # option of reset; empty where the run has one town

    @property
    def route_id(self) -> str:
        """The id of its route; ``drawn`` where it has none."""
        return "drawn" if self.route is None else self.route.id


def validation_routes(config: Config) -> list[RouteSpec]:
    """The routes of ``scenario.validation_routes`` that lie in the run's towns; empty where there are none, or it is null."""
    name, town = config.scenario.validation_routes, config.simulator.default_town
    towns = config.scenario.towns or ([] if town is None else [town])
    return [] if name is None else load_route_set(name).of_towns(towns)


def why_drawn(config: Config) -> str:
    """Why a run without validation routes has none, in one line."""
    name, towns = config.scenario.validation_routes, config.scenario.towns
    if name is None:
        return "scenario.validation_routes is null"
    town = ", ".join(towns) or config.simulator.default_town
    where = f"none of scenario.validation_routes={name} lies in {town}"
    return where if town else f"scenario.town is null, so it is unknown whether scenario.validation_routes={name} fits its map"


def evaluation_episodes(
    run_seed: int, count: int, routes: Sequence[RouteSpec], towns: Sequence[str] = ()
) -> list[EvaluationEpisode]:
    """The episodes of each evaluation of a run.

    Args:
        run_seed: the run's seed; each episode's seed follows from it and the episode's index.
        count: how many.
        routes: that they drive, in turn; empty: each draws one from its seed.
        towns: of the scenario, of which one is drawn for each episode without a route.

    """
    return [
        EvaluationEpisode(
            seed=episode_seed(run_seed, "evaluation", index),
            route=routes[index % len(routes)] if routes else None,
            town={} if routes else town_option(towns, run_seed, index),
        )
        for index in range(count)
    ]


def evaluate(
    agent: Agent, env: RemoteEnv, episodes: Sequence[EvaluationEpisode], video: EpisodeVideo | None = None
) -> tuple[dict[int, EpisodeRecord], dict[int, EpisodeFailed]]:
    """Run episodes; returns the records of those that ended, and the errors of those that failed, by index.

    An episode that is lost with the simulator is run again; one that failed would fail again, and is left out.

    Args:
        agent: acts without exploration noise.
        env: in which nothing else happens meanwhile.
        episodes: to run.
        video: of the first one; ``env`` can render then. None records none.

    """
    records, failures = {}, {}
    for index, episode in enumerate(episodes):
        try:
            recorded = None if video is None or index > 0 else _recorded(agent, env, episode, video)
            records[index] = _until_ended(agent, env, episode) if recorded is None else recorded
        except EpisodeFailed as error:
            failures[index] = error
    return records, failures


def means(records: dict[int, EpisodeRecord]) -> dict[str, float]:
    """Means over the episodes, by tag; empty where there are none."""
    numbers = [record.scalars() for record in records.values()]
    return {metrics.evaluation(name): float(np.mean([n[name] for n in numbers])) for name in (numbers[0] if numbers else ())}


def _recorded(agent: Agent, env: RemoteEnv, episode: EvaluationEpisode, video: EpisodeVideo) -> EpisodeRecord | None:
    """Run an episode and record it; None where it was lost or failed. Rendering may be why, so it is run again without."""
    try:
        return _rollout(agent, env, episode, video)
    except (SimulatorLost, SimulatorUnavailable, EpisodeFailed) as error:
        video.fail(error)
        return None


def _until_ended(agent: Agent, env: RemoteEnv, episode: EvaluationEpisode) -> EpisodeRecord:
    while True:
        try:
            return _rollout(agent, env, episode, None)
        except SimulatorLost:
            continue  # the environment gives up by itself when this happens too often in a row


def _rollout(agent: Agent, env: RemoteEnv, episode: EvaluationEpisode, video: EpisodeVideo | None) -> EpisodeRecord:
    record = EpisodeRecord()
    observation = env.reset(episode.seed, {"route": episode.route, "render": video is not None, **episode.town})
    while True:
        if video is not None:
            video.add(env, observation)
        step = env.step(agent.act(observation))
        record.add(step.reward, step.info)
        observation = step.observation
        if step.terminated or step.truncated:
            break
    if video is not None:
        video.add(env, observation)
    return record
