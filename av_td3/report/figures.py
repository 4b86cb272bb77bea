"""The figures of a report, in their order."""

from collections.abc import Callable

from av_td3 import metrics
from av_td3.diagnostics import quantities as q
from av_td3.diagnostics.algorithm import Algorithm
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.report.algorithm_figures import (
    entropy,
    entropy_note,
    explained_variance,
    explained_variance_note,
    exploration_rate,
    one_curve,
    policy_steps,
    temperature,
    total_loss,
)
from av_td3.report.curves import losses, losses_note, norms, q_note, q_values, reward_terms, saturation, update_ratios
from av_td3.report.plots import BLUE, ORANGE, PURPLE
from av_td3.report.return_figures import episode_figure, episode_reward, evaluation, levels_of, success
from av_td3.report.run_figure import RunFigure
from av_td3.report.smoothing import is_running_mean
from av_td3.report.trajectory_figures import actions, trajectories


def _of_ours(run: RecordedRun) -> bool:
    return bool(run.ours)


def _learns_q(run: RecordedRun) -> bool:
    return run.algorithm.learns_q


def _on_policy(run: RecordedRun) -> bool:
    return run.algorithm.on_policy


def _has_actor(run: RecordedRun) -> bool:
    return run.algorithm is not Algorithm.DQN


def _never(run: RecordedRun) -> bool:
    return False


def _is(algorithm: Algorithm) -> Callable[[RecordedRun], bool]:
    return lambda run: run.algorithm is algorithm


def _evaluation_note(run: RecordedRun) -> str:
    same = "The same episodes every time, without exploration noise." if run.ours else "Evaluations."
    return f"{same} {levels_of(run, metrics.EVAL_REWARD)}".strip()


def _training_note(run: RecordedRun) -> str:
    noise = "Training episodes, with exploration noise."
    return f"{noise} {levels_of(run, metrics.EPISODE_REWARD)}".strip()


def _length_note(run: RecordedRun) -> str:
    return "Training episodes." + (" Shorter episodes are an early sign of a failing policy." if run.ours else "")


def _success_note(run: RecordedRun) -> str:
    return "" if is_running_mean(run.tag_of(metrics.EPISODE_SUCCESS)) else "Share of the episodes that reached their goal."


def _norm_names(network: str) -> tuple[str, ...]:
    return (
        *(metrics.grad_norm(network, when) for when in metrics.WHEN),
        metrics.grad_norm(metrics.cnn(network), "AFTER"),
        metrics.grad_norm(metrics.mlp(network), "AFTER"),
        metrics.clipped_fraction(network),
    )


RETURN_FIGURES = (
    RunFigure(
        "Evaluation",
        _evaluation_note,
        evaluation,
        (metrics.EVAL_REWARD, metrics.EVAL_ROUTE_COMPLETION),
    ),
    RunFigure("Episode reward", _training_note, episode_reward, (metrics.EPISODE_REWARD,)),
)


CURVE_FIGURES = (
    RunFigure("Losses", losses_note, losses, (metrics.ACTOR_LOSS, metrics.CRITIC_LOSS), expected=_learns_q),
    RunFigure(
        "Value loss",
        "Squared error of the value function, in the square of the unit of the return.",
        lambda run, axes: one_curve(run, axes, q.VALUE_LOSS, "value loss", ORANGE),
        (q.VALUE_LOSS,),
        expected=_on_policy,
    ),
    RunFigure(
        "Policy loss",
        "The surrogate objective. It is about zero by construction and does not measure progress.",
        lambda run, axes: one_curve(run, axes, q.POLICY_LOSS, "policy loss", BLUE),
        (q.POLICY_LOSS,),
        expected=_on_policy,
    ),
    RunFigure(
        "Total loss",
        "Weighted sum of the losses.",
        total_loss,
        (q.TOTAL_LOSS,),
        expected=_never,
    ),
    RunFigure(
        "Policy steps",
        "KL divergence of the new policy from the old one; 0.01 to 0.02 is usual. If many ratios are clipped, steps are large.",
        policy_steps,
        (q.APPROX_KL, q.CLIP_FRACTION),
        expected=_is(Algorithm.PPO),
    ),
    RunFigure(
        "Explained variance",
        explained_variance_note,
        explained_variance,
        (q.EXPLAINED_VARIANCE,),
        expected=_on_policy,
    ),
    RunFigure("Entropy", entropy_note, entropy, (q.ENTROPY, q.STD), expected=_on_policy),
    RunFigure(
        "Temperature",
        "Weight of the entropy. It should settle; if it grows without end, the target entropy cannot be reached.",
        temperature,
        (q.TEMPERATURE,),
        expected=_is(Algorithm.SAC),
    ),
    RunFigure("Exploration", "Share of random actions.", exploration_rate, (q.EPSILON,), expected=_is(Algorithm.DQN)),
    RunFigure(
        "Q values",
        q_note,
        q_values,
        (*metrics.Q_VALUES, metrics.TARGET_Q_MEAN, metrics.ACTOR_Q_MEAN, q.Q_MAX),
        expected=_learns_q,
    ),
    RunFigure(
        "Actor gradient norm",
        "Before and after the clip; shaded, the share of clipped updates. An MLP with a norm of 0 does not learn.",
        lambda run, axes: norms(run, axes, metrics.ACTOR, BLUE),
        _norm_names(metrics.ACTOR),
        3.4,
        _has_actor,
    ),
    RunFigure(
        "Critic gradient norm",
        "The same for the critic. With Adam, a limit that always binds hardly changes the mean step.",
        lambda run, axes: norms(run, axes, metrics.CRITIC, ORANGE),
        _norm_names(metrics.CRITIC),
        3.4,
    ),
    RunFigure(
        "Update ratios",
        "Norm of the optimizer's step over that of the weights; about 1e-3 is usual.",
        update_ratios,
        tuple(map(metrics.update_ratio, metrics.MODULES)),
        expected=_of_ours,
    ),
    RunFigure(
        "Policy",
        "Components beyond 0.99 have almost no gradient.",
        saturation,
        (metrics.ACTION_SATURATION, metrics.ACTION_STEERING_MEAN, metrics.ACTION_PEDAL_MEAN),
        expected=_of_ours,
    ),
    RunFigure(
        "Episode length",
        _length_note,
        lambda run, axes: episode_figure(run, axes, metrics.EPISODE_LENGTH, "steps", BLUE),
        (metrics.EPISODE_LENGTH,),
    ),
    RunFigure(
        "Episode duration",
        "Training episodes.",
        lambda run, axes: episode_figure(run, axes, q.EPISODE_SECONDS, "seconds", PURPLE),
        (q.EPISODE_SECONDS,),
        expected=_never,
    ),
    RunFigure("Success", _success_note, success, (metrics.EPISODE_SUCCESS, metrics.EVAL_SUCCESS), expected=_never),
    RunFigure(
        "Reward by term",
        "Moving median over training episodes. No term should outweigh all others.",
        reward_terms,
        (metrics.REWARD,),
        expected=_of_ours,
    ),
    RunFigure("Actions", "Of the last evaluation. Spikes at -1 and 1 indicate a saturated policy.", actions, (), 4.2, _of_ours),
    RunFigure(
        "Trajectories",
        "The last evaluation from dot to cross, and the ends of training episodes.",
        trajectories,
        (),
        4.2,
        _of_ours,
    ),
)
FIGURES = RETURN_FIGURES + CURVE_FIGURES
