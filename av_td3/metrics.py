"""The names of networks, modules, TensorBoard tags and alerts. No other module spells them.

Dashboards and scripts depend on the tags, so they never change. Unless a comment says otherwise, a value is dimensionless and
the mean over the updates since the last point. Thresholds are in ``conf/`` (``alerts:`` and ``gate/``), and
``diagnostics/thresholds.py`` reads them; the end of this file has a threshold that several rules share and that no key sets.
"""

from typing import Literal

# -- networks and their modules ----------------------------------------------------------------------------------------

ACTOR, CRITIC = "actor", "critic"
NETWORKS = (ACTOR, CRITIC)


def cnn(network: str) -> str:
    """Name of the encoder of a network."""
    return f"{network}_cnn"


def mlp(network: str) -> str:
    """Name of the heads of a network."""
    return f"{network}_mlp"


ACTOR_CNN, ACTOR_MLP = cnn(ACTOR), mlp(ACTOR)
CRITIC_CNN, CRITIC_MLP = cnn(CRITIC), mlp(CRITIC)
MODULES = (ACTOR_CNN, ACTOR_MLP, CRITIC_CNN, CRITIC_MLP)

# -- train/ ------------------------------------------------------------------------------------------------------------

ACTOR_LOSS = "train/actor_loss"  # as minimised: minus Q1 of the policy's actions, plus the pre-tanh penalty
CRITIC_LOSS = "train/critic_loss"  # as minimised: mean squared TD error, summed over the Q functions
Q1_VALUE, Q2_VALUE = "train/q1_value", "train/q2_value"  # mean Q of the replayed actions
Q_VALUES = (Q1_VALUE, Q2_VALUE)  # one for each Q function
UPDATES = "train/updates"  # so far
LR_FACTOR = "train/lr_factor"  # of the annealed learning rates: the share that is left, at the point
EXPLORATION_NOISE = "train/exploration_noise"  # standard deviation, of actions in [-1, 1], at the point

# -- episode/: each training episode -----------------------------------------------------------------------------------

EPISODE = "episode/"


def episode(name: str) -> str:
    """Tag of a number of a training episode."""
    return f"{EPISODE}{name}"


EPISODE_REWARD = "episode/reward"  # sum over its steps
EPISODE_LENGTH = "episode/length"  # steps
EPISODE_ROUTE_COMPLETION = "episode/route_completion"  # 0 to 1
EPISODE_COLLISIONS = "episode/collisions"  # 1 if a collision ended it, else 0
EPISODE_LANE_INVASIONS = "episode/lane_invasions"  # how many times the car began to cross a line
EPISODE_SUCCESS = "episode/success"  # 1 if it reached its goal, else 0

# -- eval/: means over the episodes of an evaluation -------------------------------------------------------------------


def evaluation(name: str) -> str:
    """Tag of a mean over the episodes of an evaluation; the names are those of training episodes."""
    return f"eval/{name}"


EVAL_REWARD = "eval/reward"
EVAL_LENGTH = "eval/length"
EVAL_ROUTE_COMPLETION = "eval/route_completion"
EVAL_COLLISIONS = "eval/collisions"
EVAL_LANE_INVASIONS = "eval/lane_invasions"
EVAL_SUCCESS = "eval/success"
EVAL_SPEED = "eval/speed"  # m/s
EVAL_FAILED_EPISODES = "eval/failed_episodes"  # number of episodes that are excluded from the means
EVAL_VIDEO = "eval/video"  # images: the beginning of the first episode, animated
EVAL_CAMERA = "eval/camera"  # images: the newest frame of the observation at the end of the video

# -- texts -------------------------------------------------------------------------------------------------------------

CONFIG = "config"  # YAML

# -- reward/: each training episode; the terms are those of the config -------------------------------------------------

REWARD = "reward/"
REWARD_SHARE = "reward/share_"


def reward_term(name: str) -> str:
    """Tag of the mean of a reward term per step."""
    return f"{REWARD}{name}"


def reward_share(name: str) -> str:
    """Tag of a term's share of the total absolute reward, 0 to 1."""
    return f"{REWARD_SHARE}{name}"


# -- perf/ -------------------------------------------------------------------------------------------------------------

ENV_STEPS_PER_S, UPDATES_PER_S = "perf/env_steps_per_s", "perf/updates_per_s"  # since the last point
STEP_TIME = "perf/step_time_ms"  # ms of an environment step, from the request to the answer; mean and peak
SIMULATOR_RESTARTS = "perf/simulator_restarts"  # so far, because a simulator was lost
SIMULATOR_RENEWALS = "perf/simulator_renewals"  # so far, because a server had served its episodes or grown too large
SENSOR_LOSSES = "perf/sensor_losses"  # so far; frames for which a sensor delivered nothing, each of which costs its episode
THREADS = "perf/threads"  # of torch; logged when the number changes

# -- debug/ and gradients/ ---------------------------------------------------------------------------------------------

When = Literal["BEFORE", "AFTER"]
WHEN: tuple[When, When] = ("BEFORE", "AFTER")  # the clip

ACTOR_Q_MEAN = "debug/actor_q_mean"  # Q1 of the policy's actions
TARGET_Q_MEAN = "debug/target_q_mean"  # regression target of the Q functions
Q1_Q2_DIFF = "debug/q1_q2_diff"  # |Q1 - Q2| of the replayed actions
TD_ERROR = "debug/td_error"  # |Q1 - target|
ACTION_SATURATION = "debug/action_saturation"  # share of the policy's action components beyond alerts.saturation_level
ACTOR_PRE_TANH_ABS = "debug/actor_pre_tanh_abs"  # |output of the policy before its tanh|
FEATURES_STD = "debug/features_std"  # of the critic's image features, over the batch and the features together
NON_FINITE_IN_A_ROW = "debug/non_finite_in_a_row"  # updates skipped for a non-finite gradient; only its peak is logged


def action_mean(name: str) -> str:
    """Tag of the mean of a component of the policy's actions, -1 to 1. ``Action.names`` has the names."""
    return f"debug/action_{name}_mean"


VECTOR_STD = "debug/vector_std_"


def vector_std(entry: str) -> str:
    """Tag of the standard deviation over the batch of an entry of the observation's vector, a mean over its numbers."""
    return f"{VECTOR_STD}{entry}"


ACTION_STEERING_MEAN = action_mean("steering")  # positive to the right
ACTION_PEDAL_MEAN = action_mean("pedal")  # positive is throttle


def grad_norm(part: str, when: When) -> str:
    """Tag of the gradient norm of a network or a module.

    Args:
        part: one of NETWORKS or MODULES.
        when: before or after the clip.

    """
    return f"debug/{part}_grad_norm_{when}_clip"


def grad_clip_ratio(network: str) -> str:
    """Tag of the norm after the clip over the norm before it."""
    return f"debug/{network}_grad_clip_ratio"


def clipped_fraction(network: str) -> str:
    """Tag of the share of updates that were clipped, 0 to 1."""
    return f"debug/{network}_clipped_fraction"


def update_ratio(module: str) -> str:
    """Tag of |optimizer's step| over |weights| of a module, a mean over the updates in which it is measured."""
    return f"debug/{module}_update_ratio"


def module_norm(module: str) -> str:
    """Tag of the norm after the clip, under its second name."""
    return f"gradients/{module}_norm"


def peak(tag: str) -> str:
    """Tag of the largest value over the updates since the last point."""
    return f"{tag}_max"


# -- alerts/: number of updates since the last point that raised an alert ----------------------------------------------


def explosion(network: str, level: Literal["warning", "critical"]) -> str:
    """Name of the alert for the gradient norm before the clip.

    Args:
        network: one of NETWORKS.
        level: which threshold of ``alerts`` was exceeded.

    """
    return f"{'critic_' if network == CRITIC else ''}gradient_explosion_{level}"


EXPLOSIONS = tuple(explosion(network, level) for network in NETWORKS for level in ("warning", "critical"))
ALERT_CLIP_VIOLATION = "clip_violation"  # a norm after the clip above its limit
ALERT_DEAD_GRADIENT = "dead_gradient"  # a module's norm was 0 for many updates; counted once for each module
ALERT_ACTION_SATURATION = "action_saturation"
ALERT_Q_DIVERGENCE = "q_divergence"  # |Q1| of the replayed actions
ALERT_DISAGREEMENT = "actor_critic_disagreement"  # |Q| of the policy's actions far above that of the replayed ones
ALERT_NON_FINITE = "non_finite"  # the update was skipped
ALERTS = (
    *EXPLOSIONS,
    ALERT_CLIP_VIOLATION,
    ALERT_DEAD_GRADIENT,
    ALERT_ACTION_SATURATION,
    ALERT_Q_DIVERGENCE,
    ALERT_DISAGREEMENT,
    ALERT_NON_FINITE,
)


def alert(name: str) -> str:
    """Tag of the number of updates that raised an alert; of a custom alert, 1 where it is raised, else 0."""
    return f"alerts/{name}"


# -- all of them -------------------------------------------------------------------------------------------------------

GRAD_NORMS = tuple(grad_norm(part, when) for when in WHEN for part in (*NETWORKS, *MODULES))
TAGS = frozenset(
    (
        *(ACTOR_LOSS, CRITIC_LOSS, *Q_VALUES, UPDATES, LR_FACTOR, EXPLORATION_NOISE),
        *(EPISODE_REWARD, EPISODE_LENGTH, EPISODE_ROUTE_COMPLETION),
        *(EPISODE_COLLISIONS, EPISODE_LANE_INVASIONS, EPISODE_SUCCESS),
        *(EVAL_REWARD, EVAL_LENGTH, EVAL_ROUTE_COMPLETION, EVAL_COLLISIONS, EVAL_LANE_INVASIONS, EVAL_SUCCESS),
        *(EVAL_SPEED, EVAL_FAILED_EPISODES),
        *(ENV_STEPS_PER_S, UPDATES_PER_S, THREADS),
        *(STEP_TIME, SIMULATOR_RESTARTS, SIMULATOR_RENEWALS, SENSOR_LOSSES),
        *(ACTOR_Q_MEAN, TARGET_Q_MEAN, Q1_Q2_DIFF, TD_ERROR),
        *(ACTION_SATURATION, ACTOR_PRE_TANH_ABS, ACTION_STEERING_MEAN, ACTION_PEDAL_MEAN),
        FEATURES_STD,
        *GRAD_NORMS,
        *(peak(tag) for tag in (*GRAD_NORMS, NON_FINITE_IN_A_ROW, STEP_TIME)),
        *(tag(network) for tag in (grad_clip_ratio, clipped_fraction) for network in NETWORKS),
        *(tag(module) for tag in (update_ratio, module_norm) for module in MODULES),
        *(alert(name) for name in ALERTS),
    )
)


def is_known(tag: str) -> bool:
    """Whether a run logs under this tag. The names of reward terms and entries of the vector come from the config."""
    return tag in TAGS or tag.startswith((REWARD, VECTOR_STD))


# -- a threshold that no key sets --------------------------------------------------------------------------------------

DEAD_SHARE = 0.5  # share of the points of the last quarter with a norm of 0, from which on a module counts as dead
