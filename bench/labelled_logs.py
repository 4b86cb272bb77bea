"""Logs of real runs on Gymnasium's tasks, healthy and broken on purpose, and what is true of them.

``labelled_logs/labels.json`` says of each log which program, algorithm and task it is of, how it was broken, and the mean
return of twenty greedy episodes of the final policy in the unbroken task; of PPO and A2C, whose policies are distributions, the
better of twenty greedy and twenty sampled ones. The outcome follows from that return alone:

- learned: at least the threshold of the task;
- failed: in the lower half between a random policy and the threshold;
- partly: between both.
"""

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent / "labelled_logs"
# By task: mean return of a uniformly random policy, and the return from which on it counts as learned.
TASKS = {
    "Pendulum-v1": (-1230.0, -300.0),
    "CartPole-v1": (22.0, 400.0),
    "MountainCarContinuous-v0": (-33.0, 80.0),
    "Acrobot-v1": (-499.0, -120.0),
    "LunarLander-v3": (-180.0, 150.0),
}
RETURN_RULES = ("return_collapse", "identical_returns", "no_learning")
DIVERGENCE = ("non_finite", "q_divergence", "critic_divergence", "twin_divergence", "runaway", "gradient_explosion")
# By mutation: the findings that name its cause, and not only that nothing was learned.
CAUSES = {
    "lr_x100": (
        *DIVERGENCE,
        "large_learning_rate",
        "large_policy_steps",
        "entropy_collapse",
        "constant_policy",
        "identical_returns",
        "value_explains_nothing",
    ),
    "reward_x1000": (*DIVERGENCE, "value_explains_nothing"),
    "target_off": DIVERGENCE,
    "exploration_off": ("identical_returns", "constant_policy", "entropy_collapse", "no_learning"),
    "truncation_terminal": ("values_too_small",),
    "target_entropy_high": ("temperature_divergence",),
    "ppo_kl": ("large_policy_steps",),
    "gamma_0.1": ("values_too_small",),
    "reward_constant": ("identical_returns", "no_learning", "value_explains_nothing"),
    "reward_flip": ("no_learning", "return_collapse", "identical_returns"),
    "none": (),
}


class Label(NamedTuple):
    """A labelled log; ``batch`` is "dev" for those that were there while rules were written, else "holdout"."""

    name: str
    batch: str
    program: str
    algorithm: str
    env: str
    mutation: str
    final_return: float

    @property
    def log(self) -> Path:
        """The folder of its event file."""
        return FOLDER / self.name

    @property
    def outcome(self) -> str:
        """learned, partly or failed."""
        random, learned = TASKS[self.env]
        if self.final_return >= learned:
            return "learned"
        return "failed" if self.final_return < (random + learned) / 2.0 else "partly"

    def is_right(self, verdict: str, findings: list[tuple[str, str]]) -> bool:
        """Whether a diagnosis is right.

        Args:
            verdict: GO, NO-GO or INVESTIGATE.
            findings: rule and severity, the most important first.

        Returns:
            Of a run that has learned: whether it is GO. Of one that has failed: whether it is not, and the first finding says
            that nothing was learned, or names the cause. Of one between: whether no finding is critical.

        """
        grave = [rule for rule, severity in findings if severity != "info"]
        if self.outcome == "learned":
            return verdict == "GO"
        if self.outcome == "partly":
            return "critical" not in {severity for _, severity in findings}
        return verdict != "GO" and bool(grave) and grave[0] in (*RETURN_RULES, *DIVERGENCE, *CAUSES[self.mutation])


def read_labels() -> list[Label]:
    """All labelled logs."""
    rows = json.loads((FOLDER / "labels.json").read_text())
    return [Label(**{name: row[name] for name in Label._fields}) for row in rows]
