"""Compares two runs: config changes and their effects."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes

from av_td3 import metrics
from av_td3.config.difference import Difference, differences
from av_td3.diagnostics.gate import Criterion
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.report.assessment import Assessment
from av_td3.report.key_figures import EVALUATION, key_figures, number
from av_td3.report.page import render, to_bytes
from av_td3.report.plots import BLUE, ORANGE, Plot, curve, set_steps, symlog, to_svg
from av_td3.runs.files import write_atomically
from av_td3.runs.folder import COMPARISON_PAGE, COMPARISON_TEXT

CURVES = (  # title, tag, on symmetric log axes
    ("Actor loss", metrics.ACTOR_LOSS, True),
    ("Critic loss", metrics.CRITIC_LOSS, True),
    ("Q1 on data", metrics.Q1_VALUE, True),
    ("Q of the policy's actions", metrics.ACTOR_Q_MEAN, True),
    ("Actor norm before the clip", metrics.grad_norm(metrics.ACTOR, "BEFORE"), True),
    ("Critic norm before the clip", metrics.grad_norm(metrics.CRITIC, "BEFORE"), True),
    ("Actor MLP norm after the clip", metrics.grad_norm(metrics.ACTOR_MLP, "AFTER"), True),
    ("Saturated action components", metrics.ACTION_SATURATION, False),
    ("Episode length", metrics.EPISODE_LENGTH, False),
    ("Evaluation reward", metrics.EVAL_REWARD, False),
)
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
    resolved = [rule for rule in dict.fromkeys(before) if rule not in after]
    new = [rule for rule in dict.fromkeys(after) if rule not in before]
    changes = differences(baseline.run.config, candidate.run.config) if baseline.run.config and candidate.run.config else []
    ours, theirs = key_figures(baseline.run), key_figures(candidate.run)
    return Comparison(
        baseline=baseline,
        candidate=candidate,
        labels=_labels(baseline.run, candidate.run),
        criteria=_rows(baseline.gate_result.criteria, candidate.gate_result.criteria),
        changes=changes,
        resolved=resolved,
        new=new,
        persisting=[rule for rule in dict.fromkeys(after) if rule in before],
        figures=[(name, number(ours[name]), number(theirs[name])) for name in ours],
        summary=_summary(baseline, candidate, changes, resolved, new),
    )


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write ``comparison.html`` and ``comparison.md`` into ``folder``; returns their paths."""
    plots = _plots(comparison)
    html, markdown = folder / COMPARISON_PAGE, folder / COMPARISON_TEXT
    page = render("comparison.html.j2", c=comparison, plots=plots)
    text = render("comparison.md.j2", c=comparison)
    write_atomically(html, lambda file: file.write(to_bytes(page)))
    write_atomically(markdown, lambda file: file.write(to_bytes(text)))
    return [html, markdown]


def _labels(baseline: RecordedRun, candidate: RecordedRun) -> tuple[str, str]:
    """Distinct names of the two runs."""
    if baseline.name != candidate.name:
        return baseline.name, candidate.name
    return f"{baseline.name} (baseline)", f"{candidate.name} (candidate)"


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
    name = EVALUATION.name
    before, after = key_figures(baseline.run)[name], key_figures(candidate.run)[name]
    if before == before and after == after:
        parts.append(f"Last {name}: {number(before)} before, {number(after)} after; one run each, so it may be chance.")
    return " ".join(parts)


def _likely_first(changes: list[Difference], baseline: Assessment) -> list[Difference]:
    """The changed keys, those that the baseline's diagnosis recommends first."""
    text = " ".join(finding.recommendation for finding in baseline.diagnosis.findings)
    return sorted(changes, key=lambda change: text.find(change.key) if change.key in text else len(text))


def _plots(comparison: Comparison) -> list[Plot]:
    """The curves of both runs in one plot, for every tag that at least one of them has."""
    runs = (comparison.baseline.run, comparison.candidate.run)
    plots = []
    for title, tag, logarithmic in CURVES:
        if not any(run.has(tag) for run in runs):
            continue

        def draw(axes: Axes, tag: str = tag, logarithmic: bool = logarithmic) -> None:
            for run, label, color in zip(runs, comparison.labels, (ORANGE, BLUE), strict=True):
                if run.has(tag):
                    curve(axes, run.scalars[tag], label, color)
            set_steps(axes, "environment steps")
            if logarithmic:
                symlog(axes)

        plots.append(Plot(title, tag, to_svg(draw, 3.0)))
    return plots
