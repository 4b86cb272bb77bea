"""Rules on the actor."""

from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.growth import typical
from av_td3.diagnostics.phases import early, finite, last_quarter, late
from av_td3.diagnostics.program import Program
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.tag_words import is_action_mean
from av_td3.diagnostics.thresholds import threshold_of
from av_td3.runs.trajectories import evaluations, read_trajectories

HALF_SATURATED = 0.5
SMALL_SHARE = 0.1
FAR_FROM_ZERO, UNMOVED = 0.8, 0.02  # mean of an action in [-1, 1], and how much a constant one may move
MIN_POINTS, MIN_STEPS = 5, 50


def feature_exploitation(run: RecordedRun) -> Iterator[Finding]:
    """The actor lowers its loss through the state input of Q instead of through its actions.

    This is possible if the policy gradient reaches the encoder of Q's input: inflating its features increases Q without limit.
    The sign is a Q of the policy's actions far from the Q of the data while the layers that output the actions have no
    gradient. SAC-AE (Yarats et al. 2019, arXiv:1910.01741, section 4.4) and DrQ-v2 (Yarats et al. 2021, arXiv:2107.09645) stop
    the actor's gradient before the encoder.
    """
    actor_q = run.series(metrics.ACTOR_Q_MEAN, metrics.ACTOR_LOSS)
    on_data = _size_on_data(run)
    magnitude = np.abs(actor_q.values)
    ratio = late(magnitude) / on_data if on_data > 0.0 else 0.0
    if not ratio > threshold_of(run, "gate.max_disagreement"):
        return
    what = "|Q of the policy's actions|" if run.has(metrics.ACTOR_Q_MEAN) else "|actor loss|"
    evidence = (
        f"{what} went from {magnitude[0]:.4g} (step {actor_q.steps[0]}) to {magnitude[-1]:.4g} "
        f"(step {actor_q.steps[-1]}), {ratio:.3g} times the |Q| of {on_data:.4g} on replayed data"
    )
    mlp = run.values(metrics.grad_norm(metrics.ACTOR_MLP, "BEFORE"), metrics.grad_norm(metrics.ACTOR_MLP, "AFTER"))
    if np.mean(last_quarter(mlp) == 0.0) < metrics.DEAD_SHARE:
        return  # the actions still have a gradient: Q is wrong about them, which is q_divergence
    evidence += f"; the actor's MLP had a gradient in {np.count_nonzero(mlp)} of {len(mlp)} points"
    with suppress(NotLogged):
        cnn = finite(run.values(metrics.grad_norm(metrics.ACTOR_CNN, "AFTER")))
        evidence += f", its CNN one of {late(cnn):.4g} at the end"
    yield Finding(
        "feature_exploitation",
        Severity.CRITICAL,
        evidence,
        f"Do not let the actor's loss train the input features of Q: {_separate(run)}. No clip norm, learning rate or "
        "optimizer fixes it: the direction of the step is wrong, not its size. Then check for action_saturation, which it "
        "hides.",
    )


def _separate(run: RecordedRun) -> str:
    other = "give Q its own encoder or detach the features"
    return (
        f"network.gradient_routing=separate (or critic_owned); in other code, {other}" if run.program is Program.OURS else other
    )


def _size_on_data(run: RecordedRun) -> float:
    """|Q| of the replayed actions: at least 1 for our rewards, at least a tenth of its largest size in other units."""
    values = run.values(metrics.Q1_VALUE)
    return max(1.0 if run.ours else SMALL_SHARE * typical(values), late(np.abs(values)))


def action_saturation(run: RecordedRun) -> Iterator[Finding]:
    """The policy is at the bounds of its actions, where the tanh has no gradient, and stays there.

    The penalty on the pre-tanh output is Andrychowicz et al. 2017 (arXiv:1707.01495, appendix A); the trunk is DrQ-v2's.
    """
    saturation = run.series(metrics.ACTION_SATURATION)
    share = late(saturation.values)
    if not share >= HALF_SATURATED:
        return
    first = saturation.steps[saturation.values >= HALF_SATURATED][0]
    bound = threshold_of(run, "alerts.saturation_level")
    evidence = f"{share:.1%} of the action components beyond {bound:g} in the last quarter; half or more from step {first} on"
    try:
        evidence += f"; mean |pre-tanh| {late(run.values(metrics.ACTOR_PRE_TANH_ABS)):.3g}"
        mlp = run.values(metrics.grad_norm(metrics.ACTOR_MLP, "BEFORE"))
        evidence += f"; actor MLP gradient {late(mlp):.3g}"
    except NotLogged:
        pass
    severity = Severity.CRITICAL if share >= threshold_of(run, "alerts.saturation_share") else Severity.WARNING
    yield Finding("action_saturation", severity, evidence, "In this order: " + "; ".join(_against_saturation(run)) + ".")


def _against_saturation(run: RecordedRun) -> list[str]:
    """The measures that the run does not use yet, the most effective first."""
    if run.program is not Program.OURS:
        return [
            "a LayerNorm and a tanh before the heads of actor and critic",
            "a penalty of 0.01 on the squared pre-tanh output",
            f"a third of {run.name_of('actor_lr')}",
        ]
    measures = []
    if run.setting_or("network.trunk", "plain") != "layernorm_tanh":
        measures.append("network.trunk=layernorm_tanh")
    if run.setting_or("algorithm.pre_tanh_penalty", 0.0) == 0.0:
        measures.append("algorithm.pre_tanh_penalty=0.01")
    rate = run.setting_or("algorithm.actor_lr", None)
    measures.append("a third of the actor's learning rates" + (f" (algorithm.actor_lr={rate / 3:.1g})" if rate else ""))
    return measures


def constant_policy(run: RecordedRun) -> Iterator[Finding]:
    """The policy does the same whatever it sees, at a bound of the actions or anywhere else."""
    if not run.ours and not any(map(is_action_mean, run.logged)):
        raise NotLogged("the mean of an action")
    parts = [*_constant_means(run), *_constant_in_evaluation(run)]
    if parts:
        yield Finding(
            "constant_policy",
            Severity.WARNING,
            "; ".join(parts),
            f"A constant action is a local optimum, or a policy that its loss has pushed to a bound: more exploration "
            f"({run.name_of('exploration')}), a lower {run.name_of('actor_lr')}, and a penalty on the pre-tanh output.",
        )


def _constant_means(run: RecordedRun) -> Iterator[str]:
    """Components that are far from zero and do not move: with actions in [-1, 1] hardly any can differ from their mean."""
    for tag, series in run.logged.items():
        if not is_action_mean(tag):
            continue
        last = finite(last_quarter(series.values))
        if len(last) >= MIN_POINTS and 1.0 >= abs(np.median(last)) >= FAR_FROM_ZERO and np.ptp(last) <= UNMOVED:
            yield f"{tag} {np.median(last):.3g} in the whole last quarter, within {np.ptp(last):.2g}"


def _constant_in_evaluation(run: RecordedRun) -> Iterator[str]:
    """The last evaluation of a run of ours, if all its actions are the same."""
    rounds = evaluations(read_trajectories(run.folder)) if run.ours else []
    if not rounds:
        return
    actions = np.concatenate([trajectory.actions for trajectory in rounds[-1]])
    if len(actions) >= MIN_STEPS and np.all(np.ptp(actions, axis=0) <= UNMOVED):
        means = ", ".join(f"{mean:.3g}" for mean in np.mean(actions, axis=0))
        yield f"all {len(actions)} actions of the last evaluation are ({means}), within {np.max(np.ptp(actions, axis=0)):.2g}"


def dead_module(run: RecordedRun, module: str) -> Iterator[Finding]:
    """A module whose gradient is exactly zero does not learn: dead ReLUs, or a saturated tanh after it."""
    if module == metrics.ACTOR_CNN and run.setting_or("network.gradient_routing", None) == "critic_owned":
        return  # the actor shares the critic's encoder
    tags = [tag for tag in (metrics.grad_norm(module, when) for when in metrics.WHEN) if run.has(tag)]
    if not tags:
        raise NotLogged(metrics.grad_norm(module, "BEFORE"))
    norms = next((run.series(tag) for tag in tags if not np.any(last_quarter(run.values(tag)) != 0.0)), None)
    if norms is None:
        return
    alive = norms.steps[norms.values != 0.0]
    since = f"zero since step {alive[-1]}" if len(alive) else "zero at all points"
    recommendation = {
        metrics.ACTOR_MLP: "The tanh is saturated: see action_saturation; if there is also feature_exploitation, fix that "
        "first.",
        metrics.ACTOR_CNN: "No gradient passes the actor's MLP: fix action_saturation first.",
        metrics.CRITIC_MLP: f"Lower {run.name_of('critic_lr')} and {run.name_of('trunk')}; check that rewards differ.",
        metrics.CRITIC_CNN: f"Lower {run.name_of('critic_lr')}; check that images arrive and are not all black.",
    }[module]
    yield Finding(
        "dead_module",
        Severity.CRITICAL,
        f"gradient norm of {module} exactly 0 in the last {len(last_quarter(norms.values))} points ({since}); it was "
        f"{early(norms.values):.3g} at first, non-zero in {len(alive)} of {len(norms.values)} points",
        recommendation,
    )
