"""Recognises a quantity by the words of its tag, whatever their case, order, separators and prefix."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from av_td3 import metrics
from av_td3.diagnostics import quantities as q

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")  # of snake_case, camelCase, "QF1 Loss"
# Abbreviations and inflections, each with the words that it stands for.
MEANS = {
    **dict.fromkeys(("rew", "rewards", "rw"), "reward"),
    **dict.fromkeys(("ret", "returns", "score", "scores"), "return"),
    **dict.fromkeys(("ep", "epi", "episodes", "episodic", "trajectory", "traj"), "episode"),
    **dict.fromkeys(("len", "lengths", "lens"), "length"),
    **dict.fromkeys(("step", "timestep", "timesteps"), "steps"),
    **dict.fromkeys(("avg", "av", "average", "averaged", "ave"), "mean"),
    **dict.fromkeys(("qf", "qs"), "q"),
    **dict.fromkeys(("qval", "qvals", "qvalue", "qvalues"), "q value"),
    **dict.fromkeys(("qmax", "maxq"), "q max"),
    **dict.fromkeys(("qloss", "lossq"), "q loss"),
    **dict.fromkeys(("val", "vals", "values"), "value"),
    **dict.fromkeys(("v", "vf", "baseline"), "value"),
    **dict.fromkeys(("pi", "policies", "pg"), "policy"),
    **dict.fromkeys(("approxkl", "kld"), "kl"),
    **dict.fromkeys(("clipfrac", "clipfraction"), "clip fraction"),
    "frac": "fraction",
    "ent": "entropy",
    **dict.fromkeys(("coeff", "coefficient"), "coef"),
    **dict.fromkeys(("stddev", "sd", "stdev", "sigma"), "std"),
    "var": "variance",
    **dict.fromkeys(("maximum", "highest", "best", "hi"), "max"),
    **dict.fromkeys(("minimum", "lowest", "worst"), "min"),
    **dict.fromkeys(("evaluation", "evaluate", "evaluator", "test", "testing", "validation"), "eval"),
    **dict.fromkeys(("grads", "gradient", "gradients", "gnorm"), "grad"),
    "lr": "learning rate",
    **dict.fromkeys(("sec", "secs", "second", "seconds", "s", "time", "duration"), "time"),
    **dict.fromkeys(("critics", "critique"), "critic"),
    "actors": "actor",
    **dict.fromkeys(("predictions", "predicted", "estimate", "estimates"), "value"),
    **dict.fromkeys(("total", "sum", "accumulated", "cum"), "cumulative"),
    **dict.fromkeys(("successes", "successful", "succeeded"), "success"),
    "eprewmean": "episode reward mean",
    "eplenmean": "episode length mean",
    "epret": "episode return",
    "eplen": "episode length",
    "temp": "temperature",
    "eps": "epsilon",
    "deviation": "std",
    "standard": "",
    "gradnorm": "grad norm",
    "is": "",
    "win": "success",
    "mse": "loss",
    "targets": "target",
    "path": "episode",
}
# Words that say where a number comes from and not what it is.
PLACES = frozenset(
    (
        *("train", "training", "trainer", "rollout", "charts", "custom", "info", "debug", "metrics", "stats", "statistics"),
        *("common", "log", "logs", "performance", "results", "ray", "tune", "env", "runners", "environment", "agent"),
        *("agents", "raw", "main", "global", "sampler", "learner", "history", "data", "running", "moving", "smoothed"),
        *("last", "over", "the", "of", "per", "current", "latest", "tb", "scalars", "scalar", "perf", "rl", "player"),
        *("algo", "algorithm", "undiscounted", "t", "nb", "num", "number", "100", "10", "20", "50", "td3", "ddpg", "sac"),
        *("ppo", "a2c", "a3c", "dqn", "ddqn", "trpo", "ppo2", "iteration", "iter", "exploration", "update", "epoch"),
    )
)


@dataclass(frozen=True)
class Pattern:
    """The words of a quantity.

    Args:
        quantity: its name.
        needs: groups of words, each separated by spaces; at least one group must be in the tag.
        without: words that mean something else.
        also: other words that the tag may have, beside those of a place; None allows any.

    """

    quantity: str
    needs: tuple[str, ...]
    without: str = ""
    also: str | None = None
    groups: tuple[frozenset[str], ...] = field(init=False)
    forbidden: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(frozenset(group.split()) for group in self.needs))
        object.__setattr__(self, "forbidden", frozenset(self.without.split()))

    def fits(self, words: frozenset[str], around: frozenset[str]) -> bool:
        """Whether words name the quantity, with words around them that may mean something else."""
        if (words | around) & self.forbidden:
            return False
        return any(group <= words and self._nothing_else(words - group) for group in self.groups)

    def _nothing_else(self, others: frozenset[str]) -> bool:
        return self.also is None or others <= PLACES | frozenset(self.also.split())


SPREAD = "std min max variance median"
REWARD_WORDS = "epsilon episode mean cumulative reward return eval 0 1 steps"
# The first that fits, so special meanings come before general ones.
PATTERNS = (
    Pattern(q.CLIP_FRACTION, ("clip fraction", "clip factor"), "grad norm actor critic"),
    Pattern(q.EXPLAINED_VARIANCE, ("explained variance",)),
    Pattern(q.APPROX_KL, ("kullback leibler",)),
    Pattern(q.APPROX_KL, ("kl",), "coef target loss penalty early stop limit objective ref reference"),
    Pattern(q.LEARNING_RATE, ("learning rate",), "alpha entropy temperature factor scale multiplier"),
    Pattern("gradient", ("grad",), "loss policy"),
    Pattern("temperature_loss", ("alpha loss", "temperature loss", "coef loss"), "critic actor policy value"),
    Pattern(
        q.TEMPERATURE,
        ("alpha", "temperature", "entropy coef"),
        "log loss target optimizer per replay priority buffer",
        "entropy coef value mean",
    ),
    Pattern(q.ENTROPY, ("entropy",), "target bonus coef max min std", "loss mean policy actor value"),
    Pattern(q.EPSILON, ("epsilon", "exploration rate", "exploration prob"), SPREAD + " reward length loss", "value mean"),
    Pattern("log_probability", ("log prob", "logp", "log pi")),
    # losses
    Pattern(metrics.TD_ERROR, ("td error",), SPREAD + " loss", "mean absolute abs q critic 1 2"),
    Pattern(
        metrics.CRITIC_LOSS,
        ("critic loss", "q loss", "td loss", "bellman error", "bellman loss", "q error"),
        SPREAD + " actor policy",
        "mean value 0 1 2 q critic function head net network cumulative train huber",
    ),
    Pattern(
        q.POLICY_LOSS,
        ("actor loss", "policy loss", "surrogate loss"),
        SPREAD + " critic q",
        "mean value grad gradient 0 1 surrogate policy",
    ),
    Pattern(q.VALUE_LOSS, ("value loss",), SPREAD + " q policy actor critic", "mean function fn state 0 1 train"),
    Pattern(q.TOTAL_LOSS, ("loss",), SPREAD, "mean cumulative 0 1 value eval"),
    # values
    Pattern(metrics.Q1_Q2_DIFF, ("q diff", "q gap", "q difference", "twin gap"), SPREAD + " loss"),
    Pattern(metrics.TARGET_Q_MEAN, ("q target",), SPREAD + " loss error", "mean value 0 1 2 critic network net"),
    Pattern(q.Q_MAX, ("q max",), "loss error target min std", "mean value 0 1 2 critic a"),
    Pattern(metrics.ACTOR_Q_MEAN, ("q actor", "q policy"), SPREAD + " loss error target", "mean value 0 1 2 critic"),
    Pattern(metrics.Q1_VALUE, ("q",), SPREAD + " loss error target", "mean value 0 1 2 critic a data batch"),
    # episodes
    Pattern(metrics.EPISODE_SUCCESS, ("success",), SPREAD + " reward", "episode mean rate eval ratio percentage fraction 0 1"),
    Pattern(q.EPISODE_SECONDS, ("episode time", "episode length time"), SPREAD + " reward return", "mean length info eval"),
    Pattern(
        metrics.EPISODE_LENGTH,
        ("episode length", "episode steps", "length", "survival steps"),
        SPREAD + " reward return time fps queue buffer",
        "mean episode eval steps cumulative 0",
    ),
    Pattern(q.STEP_REWARD, ("reward steps", "reward batch"), SPREAD + " episode return cumulative", "mean per 0 eval"),
    Pattern(metrics.EPISODE_REWARD, ("reward", "return"), SPREAD + " discounted loss scale", REWARD_WORDS),
    # the rest
    Pattern(
        q.STD,
        ("std",),
        "log reward return length episode q value loss adv advantage obs observation observations ratio weight grad",
        "policy action mean actor noise",
    ),
    Pattern(
        metrics.UPDATES,
        ("updates", "grad steps", "training iterations"),
        "per time fps mean loss value",
        "n steps grad total 0",
    ),
    Pattern(metrics.ENV_STEPS_PER_S, ("fps", "sps"), "", "time mean"),
)
_VOCABULARY = PLACES.union(*(group for pattern in PATTERNS for group in pattern.groups)).union(
    *((f"{pattern.without} {pattern.also or ''}").split() for pattern in PATTERNS), ("eval", "losses")
)
GENERAL = (q.TOTAL_LOSS, metrics.EPISODE_REWARD, metrics.EVAL_REWARD, metrics.EPISODE_LENGTH)  # which a prefix can make special
NO_ROLE = (["default", "policy"], ["default", "module"], ["time"])  # parts of a tag that are in no relation to its name
NOT_OF_AN_ACTION = frozenset(
    (
        *("std", "min", "max", "variance", "reward", "loss", "norm", "grad", "q", "noise", "entropy", "prob", "log", "penalty"),
        *("saturation", "saturated", "count", "rate", "value", "length", "steps", "time", "repeat", "error", "diff", "eval"),
    )
)
AXES = {"steps", "iter", "iteration", "time", "frame", "epoch"}  # what some programs draw a reward over, as its last word
IN_EVALUATION = {
    metrics.EPISODE_REWARD: metrics.EVAL_REWARD,
    metrics.EPISODE_LENGTH: metrics.EVAL_LENGTH,
    metrics.EPISODE_SUCCESS: metrics.EVAL_SUCCESS,
}


def words_of(tag: str) -> list[list[str]]:
    """The words of each part of a tag between slashes, in lower case and without abbreviations."""
    parts = []
    for part in re.split(r"[/\\]", tag):
        found = [word.lower() for word in WORD.findall(part)]
        if found[:1] in (["val"], ["valid"]) and (len(found) == 1 or "loss" in found):
            found[0] = "eval"  # and not a value
        parts.append([meaning for word in found for meaning in MEANS.get(word, word).split()])
    return [part for part in parts if part]


def recognize(tag: str) -> str | None:
    """The quantity that a tag names; None if its words do not say so.

    A prefix may have any words; what follows the last slash may not: ``reward/progress`` is a term of a reward, not the reward.

    Args:
        tag: such as ``Critic Loss``, ``losses/qf1_loss``, ``train_critic/loss`` or ``loss/critic1``.

    """
    parts = words_of(tag)
    if not parts:
        return None
    groups, name = [part for part in parts[:-1] if part not in NO_ROLE], parts[-1]
    if groups and set(name) <= AXES and {"reward", "return", "length"} & set(groups[-1]):  # as in rewards/step
        name = groups.pop()
    context = frozenset(word for group in groups for word in group if word != "losses" and word in _VOCABULARY)
    own, whole = frozenset([*name, *(context & {"loss"})]), context.union(name)
    found = _first(own, whole)
    if found is None or found in GENERAL:
        found = _first(whole, whole) or found
    if found is None and ["losses"] in groups:
        found = _first(whole | {"loss"}, whole)
    return found


def _first(words: frozenset[str], whole: frozenset[str]) -> str | None:
    """The quantity that words name, in a tag with all these words."""
    evaluation = "eval" in whole
    for pattern in PATTERNS:
        if pattern.fits(words, whole):
            if not evaluation:
                return _numbered(pattern.quantity, words)
            return IN_EVALUATION.get(pattern.quantity)
    return None


def _numbered(quantity: str, words: frozenset[str]) -> str:
    return metrics.Q2_VALUE if quantity == metrics.Q1_VALUE and "2" in words else quantity


def rank(tag: str) -> tuple[int, ...]:
    """How well a tag names its quantity, for the choice between several; smaller is better."""
    words = {word for part in words_of(tag) for word in part}
    episodes = 0 if "episode" in words else 1 if "return" in words else 2 if "cumulative" in words else 3
    numbered = 1 if words & {"2", "3"} else 0
    old = len(words & {"old", "custom", "running", "moving", "smoothed", "info"}) + len(words - _VOCABULARY)
    return (numbered, episodes, old, 1 if "mean" in words else 0, len(words))


def is_a_loss(tag: str) -> bool:
    """Whether the words of a tag name a loss, an error, a value or a norm: what may not grow without end."""
    return bool({word for part in words_of(tag) for word in part} & {"loss", "losses", "error", "q", "norm", "kl", "mae"})


def is_action_mean(tag: str) -> bool:
    """Whether the words of a tag name an action or its mean, and not another number of actions."""
    words = {word for part in words_of(tag) for word in part}
    return bool(words & {"action", "actions"}) and not words & NOT_OF_AN_ACTION


def algorithms_named(tags: Iterable[str]) -> set[str]:
    """The algorithms whose names are words of the tags, in upper case."""
    known = {"td3", "ddpg", "sac", "ppo", "ppo2", "a2c", "a3c", "dqn", "ddqn", "trpo"}
    said = {word.lower() for tag in tags for word in re.findall(r"[A-Za-z0-9]+", tag)}
    return {name.upper() for name in known & said}
