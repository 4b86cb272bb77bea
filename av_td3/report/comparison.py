"""Compares two runs: config changes and their effects."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from av_td3 import metrics
from av_td3.config.difference import Difference, differences
from av_td3.diagnostics import quantities as q
from av_td3.diagnostics.gate import Criterion
from av_td3.diagnostics.phases import finite
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.report.assessment import Assessment
from av_td3.report.key_figures import figures_of, key_figures, number
from av_td3.report.page import render, to_bytes
from av_td3.report.plots import BLUE, ORANGE, Plot, curve, log_if_wide, symlog, to_svg
from av_td3.report.reading import name_of, reading_of, unchecked_rules
from av_td3.report.return_comparison import RETURNS, draw_means, returns_in_words
from av_td3.report.return_figures import trend_in
from av_td3.report.shared_axis import SharedAxis
from av_td3.runs.files import write_atomically
from av_td3.runs.folder import COMPARISON_PAGE, COMPARISON_TEXT
from av_td3.runs.scalars import Series

CURVES = (  # title, name, on symmetric log axes
    ("Evaluation reward", metrics.EVAL_REWARD, False),
    ("Episode reward", metrics.EPISODE_REWARD, False),
    ("Episode length", metrics.EPISODE_LENGTH, False),
    ("Success", metrics.EPISODE_SUCCESS, False),
    ("Actor loss", metrics.ACTOR_LOSS, True),
    ("Critic loss", metrics.CRITIC_LOSS, True),
    ("Value loss", q.VALUE_LOSS, True),
    ("Policy loss", q.POLICY_LOSS, True),
    ("KL divergence", q.APPROX_KL, False),
    ("Clipped ratios", q.CLIP_FRACTION, False),
    ("Explained variance", q.EXPLAINED_VARIANCE, True),
    ("Entropy", q.ENTROPY, False),
    ("Standard deviation", q.STD, False),
    ("Temperature", q.TEMPERATURE, False),
    ("Random actions", q.EPSILON, False),
    ("Q1 on data", metrics.Q1_VALUE, True),
    ("Q of the policy's actions", metrics.ACTOR_Q_MEAN, True),
    ("Actor norm before the clip", metrics.grad_norm(metrics.ACTOR, "BEFORE"), True),
    ("Critic norm before the clip", metrics.grad_norm(metrics.CRITIC, "BEFORE"), True),
    ("Actor MLP norm after the clip", metrics.grad_norm(metrics.ACTOR_MLP, "AFTER"), True),
    ("Saturated action components", metrics.ACTION_SATURATION, False),
)
BANDED = (*RETURNS, metrics.EPISODE_LENGTH, metrics.EPISODE_SUCCESS)
POSITIVE = (q.APPROX_KL, q.TEMPERATURE)
BAND = "The line is the mean of each twentieth of the run, the band twice its noise."
MAX_CHANGES = 4  # config changes that the summary names


class Row(NamedTuple):
    """A criterion of both runs; None if it does not apply to a run."""

    name: str
    baseline: Criterion | None
    candidate: Criterion | None


@dataclass(frozen=True)
class Comparison:
    """A candidate run vs. its baseline."""

    baseline: Assessment
    candidate: Assessment
    labels: tuple[str, str]
    criteria: list[Row]
    changes: list[Difference]
    resolved: list[str]
    new: list[str]
    persisting: list[str]
    figures: list[tuple[str, str, str]]
    summary: str


def compare(baseline: Assessment, candidate: Assessment) -> Comparison:
    """Compare a run with the one before the change."""
    before, after = ([f.rule for f in a.diagnosis.findings if f.severity.value != "info"] for a in (baseline, candidate))
    unknown = {unchecked.rule for unchecked in candidate.diagnosis.unchecked}
    resolved = [rule for rule in dict.fromkeys(before) if rule not in after and rule not in unknown]
    new = [rule for rule in dict.fromkeys(after) if rule not in before]
    changes = differences(baseline.run.config, candidate.run.config) if baseline.run.config and candidate.run.config else []
    chosen = figures_of([baseline.run, candidate.run])
    first, second = key_figures(baseline.run, chosen), key_figures(candidate.run, chosen)
    return Comparison(
        baseline=baseline,
        candidate=candidate,
        labels=_labels(baseline.run, candidate.run),
        criteria=_rows(baseline.gate_result.criteria, candidate.gate_result.criteria),
        changes=changes,
        resolved=resolved,
        new=new,
        persisting=[rule for rule in dict.fromkeys(after) if rule in before],
        figures=[(name, number(first[name]), number(second[name])) for name in first],
        summary=_summary(baseline, candidate, changes, resolved, new),
    )


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write ``comparison.html`` and ``comparison.md`` into ``folder``; returns their paths."""
    plots = _plots(comparison)
    html, markdown = folder / COMPARISON_PAGE, folder / COMPARISON_TEXT
    unchecked = [unchecked_rules(assessment.diagnosis) for assessment in (comparison.baseline, comparison.candidate)]
    page = render("comparison.html.j2", c=comparison, plots=plots, readings=_readings(comparison), unchecked=unchecked)
    text = render("comparison.md.j2", c=comparison, readings=_readings(comparison))
    write_atomically(html, lambda file: file.write(to_bytes(page)))
    write_atomically(markdown, lambda file: file.write(to_bytes(text)))
    return [html, markdown]


def _readings(comparison: Comparison) -> tuple[str, str] | None:
    """What the logs of other programs were read as; None if both runs are ours."""
    runs = (comparison.baseline.run, comparison.candidate.run)
    return None if all(run.ours for run in runs) else (reading_of(runs[0]), reading_of(runs[1]))


def _labels(baseline: RecordedRun, candidate: RecordedRun) -> tuple[str, str]:
    """Distinct names of the two runs."""
    first, second = name_of(baseline), name_of(candidate)
    return (first, second) if first != second else (f"{first} (baseline)", f"{second} (candidate)")


def _rows(before: list[Criterion], after: list[Criterion]) -> list[Row]:
    first, second = ({criterion.name: criterion for criterion in criteria} for criteria in (before, after))
    return [Row(name, first.get(name), second.get(name)) for name in dict.fromkeys([*second, *first])]


def _summary(
    baseline: Assessment, candidate: Assessment, changes: list[Difference], resolved: list[str], new: list[str]
) -> str:
    """What changed between the two runs, in a few sentences."""
    was, now = baseline.gate_result.verdict, candidate.gate_result.verdict
    verdicts = f"Both are {now.value}" if was is now else f"The candidate is {now.value}, the baseline {was.value}"
    parts = [
        verdicts
        + (f"; resolved: {', '.join(resolved)}" if resolved else "")
        + (f"; new: {', '.join(new)}" if new else "")
        + "."
    ]
    named_changes = _likely_first([change for change in changes if change.key != "name"], baseline)
    if named_changes:
        named = ", ".join(f"{key} from {first} to {second}" for key, first, second in named_changes[:MAX_CHANGES])
        more = f" and {len(named_changes) - MAX_CHANGES} other keys" if len(named_changes) > MAX_CHANGES else ""
        parts.append(f"Config changes: {named}{more}.")
    elif baseline.run.config and candidate.run.config:
        parts.append("Their configs are identical.")
    kinds = [(assessment.run.program, assessment.run.algorithm) for assessment in (baseline, candidate)]
    if kinds[0] != kinds[1]:
        parts.append(
            f"They are logs of different programs ({reading_of(baseline.run)}; {reading_of(candidate.run)}), so their rewards "
            "may be in different units."
        )
    parts += [returns_in_words(baseline.run, candidate.run), SharedAxis(baseline.run, candidate.run).note]
    return " ".join(filter(None, parts))


def _likely_first(changes: list[Difference], baseline: Assessment) -> list[Difference]:
    """The changed keys, those that the baseline's diagnosis recommends first."""
    text = " ".join(finding.recommendation for finding in baseline.diagnosis.findings)
    return sorted(changes, key=lambda change: text.find(change.key) if change.key in text else len(text))


def _plots(comparison: Comparison) -> list[Plot]:
    """The curves of both runs in one plot, for every quantity that at least one of them has."""
    runs = (comparison.baseline.run, comparison.candidate.run)
    shared = SharedAxis(*runs)
    plots = []
    for title, name, logarithmic in CURVES:
        if not any(run.has(name) for run in runs):
            continue

        def draw(axes: Axes, name: str = name, logarithmic: bool = logarithmic) -> None:
            for run, label, color in zip(runs, comparison.labels, (ORANGE, BLUE), strict=True):
                if run.has(name):
                    _draw(axes, run, name, shared.place(run, run.scalars[name]), label, color)
            shared.label(axes)
            if logarithmic:
                symlog(axes)
            if name in POSITIVE:
                log_if_wide(axes, np.concatenate([finite(run.values(name)) for run in runs if run.has(name)]))

        plots.append(Plot(title, _note(runs, name), to_svg(draw, 3.0)))
    return plots


def _draw(axes: Axes, run: RecordedRun, name: str, series: Series, label: str, color: str) -> None:
    if name in BANDED:
        draw_means(axes, run, name, series, label, color)
    else:
        curve(axes, series, label, color)


def _note(runs: tuple[RecordedRun, RecordedRun], name: str) -> str:
    """The tags under which the runs logged a quantity, and what a band is."""
    tags = dict.fromkeys(run.tag_of(name) for run in runs if run.has(name))
    logged = f"Logged as {', '.join(tags)}." if list(tags) != [name] else name
    banded = name in BANDED and any(trend_in(run, name) is not None for run in runs)
    return f"{logged} {BAND}" if banded else logged
