"""The numbers of an evaluation as text, the same on the page, in LaTeX and on a terminal."""

import math

from av_td3.diagnostics.numbers import short
from av_td3.report.evaluation_statistics import EvaluationStatistics
from av_td3.report.route_bootstrap import ROUTES, Estimate
from av_td3.report.variance_components import Component
from av_td3.runs.evaluation_folder import EvaluatedPolicy, Evaluation

NOT_MEASURED = "-"


def mean_text(estimate: Estimate) -> str:
    """The mean, or a dash."""
    return NOT_MEASURED if math.isnan(estimate.mean) else short(estimate.mean)


def interval_text(estimate: Estimate) -> str:
    """The bounds; empty if there is no interval."""
    return "" if math.isnan(estimate.low) else f"{short(estimate.low)} to {short(estimate.high)}"


def estimate_text(estimate: Estimate) -> str:
    """Mean and bounds in one cell."""
    bounds = interval_text(estimate)
    return f"{mean_text(estimate)} ({bounds})" if bounds else mean_text(estimate)


def share_text(component: Component) -> str:
    """The share of the variance, or a dash."""
    return NOT_MEASURED if component.share is None else f"{100.0 * component.share:.0f} %"


def endings_text(endings: dict[str, int]) -> str:
    """How often each ending was, such as "goal 8, collision 2"; a single one without its number."""
    if sum(endings.values()) == 1:
        return next(iter(endings))
    return ", ".join(f"{name} {count}" for name, count in endings.items())


def driver_text(policy: EvaluatedPolicy) -> str:
    """What drove: the checkpoint of a run, or another driver."""
    step = "" if policy.checkpoint is None else f" at step {policy.checkpoint:,}"
    return f"{policy.run or policy.driver}{step}"


def evaluation_in_words(evaluation: Evaluation, statistics: EvaluationStatistics) -> str:
    """What was driven, in a sentence."""
    driven = sum(row.episodes for row in statistics.policies)
    policies = f"{len(statistics.policies)} {'policies' if len(statistics.policies) > 1 else 'policy'}"
    routes = max(row.routes for row in statistics.policies)
    source = evaluation.routes.name + (f", {evaluation.routes.file}" if evaluation.routes.file else "")
    repeats = f"{evaluation.repeats} {'times' if evaluation.repeats > 1 else 'time'}"
    plural = ["" if count == 1 else "s" for count in (routes, driven)]
    return (
        f"{policies} on {routes} route{plural[0]} ({source}), {repeats} each: {driven} episode{plural[1]}; "
        f"seed {evaluation.seed}."
    )


def intervals_in_words(statistics: EvaluationStatistics) -> str:
    """What the intervals mean, and why some are missing."""
    sentences = ["Intervals are 95 % bootstrap intervals over the routes, and over policies where that is said."]
    headline = [row.estimates["driving_score"] for row in statistics.rows]
    if statistics.overall is not None:
        over = statistics.overall.estimates["driving_score"].over
        if over == ROUTES:
            sentences.append("Those of all trained policies hold for these policies on other routes, not for other trainings.")
        elif over:
            sentences.append(f"Those of all trained policies are over {over}: they hold for other trainings as well.")
    reasons = dict.fromkeys(estimate.reason for estimate in headline if estimate.reason)
    sentences += [f"No interval: {reason}." for reason in reasons]
    return " ".join(sentences)


def lost_in_words(evaluation: Evaluation) -> str:
    """How many episodes were lost and could not be driven."""
    lost, failed = len(evaluation.losses), len(evaluation.failures)
    if not lost and not failed:
        return "No simulator was lost, and no episode failed."
    zero = "; each counts as zero in success, route completion and driving score" if failed else ""
    return f"Simulators lost: {lost}, the episodes were driven again. Episodes that could not be driven: {failed}{zero}."


def missing_in_words(statistics: EvaluationStatistics) -> list[str]:
    """A line for each measure that some episodes lack."""
    return [f"{gap.measure.title}: {gap.lacking} of {gap.episodes} episodes ({gap.reason})" for gap in statistics.missing]
