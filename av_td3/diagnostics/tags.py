"""Reads the logs of other programs: gives their series our names, by the words of their tags."""

import difflib
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from av_td3 import metrics
from av_td3.config.errors import ConfigError
from av_td3.diagnostics import quantities
from av_td3.diagnostics.algorithm import Algorithm, algorithm_of
from av_td3.diagnostics.tag_words import rank, recognize
from av_td3.runs.scalars import Scalars, Series


class Alias(NamedTuple):
    """A tag of another program; its values times ``factor`` are those of our tag."""

    tag: str
    factor: float = 1.0


# Tags whose words do not say what they are, or whose values have another scale. The first that was logged is used.
ALIASES: dict[str, tuple[Alias, ...]] = {
    metrics.CRITIC_LOSS: (Alias("losses/qf_loss", 2.0),),  # CleanRL halves it
    metrics.UPDATES: (Alias("agent/total_iterations"),),
    metrics.EPISODE_REWARD: (Alias("r"),),  # of Stable-Baselines3's monitor.csv
    metrics.EPISODE_LENGTH: (Alias("l"),),
    quantities.POLICY_LOSS: (Alias("losses/a_loss"),),  # RL-Games
    quantities.VALUE_LOSS: (Alias("losses/c_loss"),),
    metrics.EPISODE_COLLISIONS: (Alias("train/collisions_per_episode"),),
    metrics.EPISODE_LANE_INVASIONS: (Alias("train/lane_invasions_per_episode"),),
    metrics.EVAL_COLLISIONS: (Alias("eval/avg_collisions"),),
    metrics.EVAL_LANE_INVASIONS: (Alias("eval/avg_lane_invasions"),),
    metrics.TD_ERROR: (Alias("debug/td_error_q1"),),
    **{metrics.grad_norm(module, "AFTER"): (Alias(metrics.module_norm(module)),) for module in metrics.MODULES},
}
MIN_POINTS = 8  # a tag with fewer is read only if there is no other
MAX_STEPS = 2.0**53  # above, float64 does not represent every integer
PERCENTAGE_PREFIX, PERCENTAGE_SUFFIX = "rewards/", "_percentage"
# What a loss is depends on the algorithm: only where the actor maximises Q is its loss minus Q.
OFF_POLICY_NAMES = {quantities.POLICY_LOSS: metrics.ACTOR_LOSS, quantities.TOTAL_LOSS: metrics.CRITIC_LOSS}
EXAMPLE = f'"Av. Q={metrics.Q1_VALUE}"'


class Reading(NamedTuple):
    """A log under our names.

    Args:
        scalars: the log's own series, and a copy under our name for each that was recognised.
        read_as: for each of our names, the tag of the log that it is a copy of.
        algorithm: what was trained, as far as the tags tell.

    """

    scalars: Scalars
    read_as: dict[str, str]
    algorithm: Algorithm


def parse_tag(text: str) -> tuple[str, str]:
    """Parse ``TAG=NAME``: a tag of the log, and what to read it as.

    Raises:
        ConfigError: there is no such name; the message says which there are.

    """
    tag, equals, name = text.rpartition("=")
    tag, name = tag.strip(), name.strip()
    if not equals or not tag:
        raise ConfigError(f"--tag {text}: must be TAG=NAME, for example {EXAMPLE}")
    known = (*quantities.QUANTITIES, *sorted(metrics.TAGS))
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ConfigError(f"--tag {text}: no such name; {hint}Names: {', '.join(quantities.QUANTITIES)}")
    return tag, name


def read_tags(logged: Scalars, named: Mapping[str, str] | None = None) -> Reading:
    """Recognise the tags of a log.

    Args:
        logged: the series of the log by its own tags.
        named: what to read tags as, whatever their words say.

    Raises:
        ConfigError: a tag of ``named`` was not logged.

    """
    named = dict(named or {})
    missing = next((tag for tag in named if tag not in logged), None)
    if missing is not None:
        near = difflib.get_close_matches(missing, list(logged), n=1, cutoff=0.5)
        raise ConfigError(f"--tag {missing}: not in the log" + (f"; did you mean {near[0]}?" if near else ""))
    candidates = _candidates(logged, named)
    algorithm = algorithm_of(candidates, logged)
    scalars, read_as = dict(logged), {}
    for name, tag in _chosen(candidates, algorithm, set(named.values())).items():
        if tag != name and name in quantities.QUANTITIES:
            read_as[name], scalars[name] = tag, logged[tag]
    for name, aliases in ALIASES.items():
        alias = next((alias for alias in aliases if alias.tag in logged), None)
        if alias is not None and name not in logged and name not in named.values():
            read_as[name] = alias.tag
            scalars[name] = Series(logged[alias.tag].steps, logged[alias.tag].values * alias.factor)
    _add_shares(scalars)
    return Reading(_on_environment_steps(scalars), read_as, algorithm)


def _candidates(logged: Scalars, named: Mapping[str, str]) -> dict[str, list[str]]:
    """The tags by the quantity that they name, the best first. Our own names are taken as they are."""
    found: dict[str, list[str]] = defaultdict(list)
    for tag in logged:
        quantity = named.get(tag) or (tag if tag in metrics.TAGS else recognize(tag))
        if quantity is not None:
            found[quantity].append(tag)
    for tags in found.values():
        tags.sort(key=lambda tag: (tag not in named, len(logged[tag].steps) < MIN_POINTS, *rank(tag)))
    return found


def _chosen(candidates: dict[str, list[str]], algorithm: Algorithm, named: set[str]) -> dict[str, str]:
    """The tag of each quantity."""
    chosen = {quantity: tags[0] for quantity, tags in candidates.items()}
    for general, special in OFF_POLICY_NAMES.items():
        if general in chosen and algorithm.learns_q and general not in named:
            chosen.setdefault(special, chosen.pop(general))
    if metrics.ACTOR_LOSS in chosen and not algorithm.learns_q and metrics.ACTOR_LOSS not in named:
        chosen.setdefault(quantities.POLICY_LOSS, chosen.pop(metrics.ACTOR_LOSS))
    return chosen


def _add_shares(scalars: Scalars) -> None:
    """Add the shares of reward terms that were logged in percent."""
    for tag, series in list(scalars.items()):
        if tag.startswith(PERCENTAGE_PREFIX) and tag.endswith(PERCENTAGE_SUFFIX):
            term = tag.removeprefix(PERCENTAGE_PREFIX).removesuffix(PERCENTAGE_SUFFIX)
            scalars.setdefault(metrics.reward_share(term), Series(series.steps, series.values / 100.0))


def _on_environment_steps(scalars: Scalars) -> Scalars:
    """If episodes were logged by their number and the losses by step, move the episodes to the steps at which they ended."""
    lengths = scalars.get(metrics.EPISODE_LENGTH)
    if lengths is None or len(lengths.steps) < 2 or not np.all(np.diff(lengths.steps) == 1):
        return scalars
    steps = np.cumsum(lengths.values)
    if not np.all((steps >= 0.0) & (steps < MAX_STEPS)) or steps[-1] <= lengths.steps[-1]:  # not lengths
        return scalars
    ends = steps.astype(np.int64)
    first, last = int(lengths.steps[0]), int(lengths.steps[-1])
    if all(series.steps[-1] <= last for series in scalars.values()):
        return scalars  # everything is by the number of the episode

    def moved(tag: str, series: Series) -> Series:
        by_episode = (
            tag.startswith((metrics.EPISODE, metrics.REWARD)) and series.steps.min() >= first and series.steps.max() <= last
        )
        return Series(ends[series.steps - first], series.values) if by_episode else series

    return {tag: moved(tag, series) for tag, series in scalars.items()}
