"""Two runs side by side: what changed, and what came of it."""

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
MOST_CHANGES = 4  # config changes that the sentence names


class Row(NamedTuple):
    """One criterion in both runs; None where a run was not asked."""

    name: str
    baseline: Criterion | None
    candidate: Criterion | None


@dataclass(frozen=True)
class Comparison:
    """All that is said about a candidate beside its baseline."""

    baseline: Assessment
    candidate: Assessment
    labels: tuple[str, str]
    criteria: list[Row]
    changes: list[Difference]
    gone: list[str]
    new: list[str]
    remaining: list[str]
    figures: list[tuple[str, str, str]]
    sentence: str


def compare(baseline: Assessment, candidate: Assessment) -> Comparison:
    """Set two runs side by side."""
    before, after = ([f.rule for f in a.diagnosis.findings if f.severity.value != "info"] for a in (baseline, candidate))
    gone = [rule for rule in dict.fromkeys(before) if rule not in after]
    new = [rule for rule in dict.fromkeys(after) if rule not in before]
    changes = differences(baseline.run.config, candidate.run.config) if baseline.run.config and candidate.run.config else []
    ours, theirs = key_figures(baseline.run), key_figures(candidate.run)
    return Comparison(
        baseline=baseline,
        candidate=candidate,
        labels=_labels(baseline.run, candidate.run),
        criteria=_side_by_side(baseline.judgement.criteria, candidate.judgement.criteria),
        changes=changes,
        gone=gone,
        new=new,
        remaining=[rule for rule in dict.fromkeys(after) if rule in before],
        figures=[(name, number(ours[name]), number(theirs[name])) for name in ours],
        sentence=_sentence(baseline, candidate, changes, gone, new),
    )


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """``comparison.html`` and ``comparison.md``; returns their paths."""
    plots = _plots(comparison)
    html, markdown = folder / COMPARISON_PAGE, folder / COMPARISON_TEXT
    page = render("comparison.html.j2", c=comparison, plots=plots)
    text = render("comparison.md.j2", c=comparison)
    write_atomically(html, lambda file: file.write(to_bytes(page)))
    write_atomically(markdown, lambda file: file.write(to_bytes(text)))
    return [html, markdown]


def _labels(baseline: RecordedRun, candidate: RecordedRun) -> tuple[str, str]:
    """Names that tell the runs apart."""
    if baseline.name != candidate.name:
        return baseline.name, candidate.name
    return f"{baseline.name} (baseline)", f"{candidate.name} (candidate)"


def _side_by_side(before: list[Criterion], after: list[Criterion]) -> list[Row]:
    first, second = ({criterion.name: criterion for criterion in criteria} for criteria in (before, after))
    return [Row(name, first.get(name), second.get(name)) for name in dict.fromkeys([*second, *first])]


def _sentence(baseline: Assessment, candidate: Assessment, changes: list[Difference], gone: list[str], new: list[str]) -> str:
    """What a hurried reader should know."""
    was, now = baseline.judgement.verdict, candidate.judgement.verdict
    verdicts = f"Both are {now.value}" if was is now else f"The candidate is {now.value}, the baseline {was.value}"
    parts = [verdicts + (f"; gone: {', '.join(gone)}" if gone else "") + (f"; new: {', '.join(new)}" if new else "") + "."]
    told = _likely_first([change for change in changes if change.key != "name"], baseline)
    if told:
        named = ", ".join(f"{key} {first}, now {second}" for key, first, second in told[:MOST_CHANGES])
        more = f" and {len(told) - MOST_CHANGES} other keys" if len(told) > MOST_CHANGES else ""
        parts.append(f"They differ in {named}{more}.")
    elif baseline.run.config and candidate.run.config:
        parts.append("Their configs are the same.")
    name = EVALUATION.name
    before, after = key_figures(baseline.run)[name], key_figures(candidate.run)[name]
    if before == before and after == after:
        parts.append(f"Last {name} {number(before)}, now {number(after)}; of one run each, so it may be chance.")
    return " ".join(parts)


def _likely_first(changes: list[Difference], baseline: Assessment) -> list[Difference]:
    """The keys that the baseline's diagnosis names before the others."""
    advice = " ".join(finding.advice for finding in baseline.diagnosis.findings)
    return sorted(changes, key=lambda change: advice.find(change.key) if change.key in advice else len(advice))


def _plots(comparison: Comparison) -> list[Plot]:
    """Curves over each other, of every tag that one of them has."""
    runs = (comparison.baseline.run, comparison.candidate.run)
    plots = []
    for title, tag, logarithmic in CURVES:
        if not any(run.has(tag) for run in runs):
            continue

        def draw(axes: Axes, tag: str = tag, logarithmic: bool = logarithmic) -> None:
            for run, label, color in zip(runs, comparison.labels, (ORANGE, BLUE), strict=True):
                if run.has(tag):
                    curve(axes, run.scalars[tag], label, color)
            set_steps(axes)
            if logarithmic:
                symlog(axes)

        plots.append(Plot(title, tag, to_svg(draw, 3.0)))
    return plots
