"""Rules on data: rewards, episodes and amount of data."""

import math
from collections.abc import Iterator

import numpy as np

from av_td3 import metrics
from av_td3.diagnostics import quantities
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.growth import growth_of
from av_td3.diagnostics.phases import early, late
from av_td3.diagnostics.policy_episodes import policy_episodes
from av_td3.diagnostics.program import Program
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.returns import return_of
from av_td3.diagnostics.tag_words import is_a_loss
from av_td3.diagnostics.thresholds import threshold_of
from av_td3.runs.scalars import Series

MIN_POINTS = 10
MIN_IN_A_ROW = 3  # non-finite points at the end of what is no loss
MAX_LISTED, MAX_SHOWN = 3, 5  # what grew, and unknown tags, in a line
JUDGED = (
    *(metrics.CRITIC_LOSS, metrics.ACTOR_LOSS, *metrics.Q_VALUES, metrics.ACTOR_Q_MEAN),
    *(metrics.EPISODE_REWARD, metrics.EPISODE_LENGTH, metrics.EVAL_REWARD),
)
LARGE_BATCH = 0.2  # share of the replay in one batch when learning starts
DOMINANT = 0.8  # share of a reward term in the total absolute reward
COLLAPSED = 0.5  # episode length at the end over that at the start


def non_finite(run: RecordedRun) -> Iterator[Finding]:
    """NaN or infinity in a run of ours. One step with such a gradient makes every weight NaN."""
    worst = min(run.logged, key=lambda tag: _first_non_finite(run.logged[tag]), default=None)
    if worst is not None and not np.all(np.isfinite(run.logged[worst].values)):
        evidence, step = _where_non_finite(run, worst)
    else:
        alerts = metrics.alert(metrics.ALERT_NON_FINITE)
        counts = run.series(alerts) if run.has(alerts) else None
        if counts is None or not np.any(counts.values > 0.0):
            return
        step = int(counts.steps[counts.values > 0.0][0])
        evidence = f"{np.sum(counts.values):.0f} updates had a non-finite gradient, the first by {run.at(step)}"
    yield Finding("non_finite", Severity.CRITICAL, evidence + _what_grew(run, step), _against_non_finite(run))


def ends_non_finite(run: RecordedRun) -> Iterator[Finding]:
    """NaN or infinity in a log of another program: to the end, or for a while in a loss.

    Programs log NaN where there is nothing to log yet (no episode has ended), or nothing to divide by (the explained variance
    of equal returns); so what comes before the first number does not count, nor do single points that are not of a loss.
    """
    ended, passed = [], []
    for tag, series in run.logged.items():
        wrong = ~np.isfinite(series.values)
        is_loss = is_a_loss(tag)
        if np.all(wrong):
            ended += [tag] if is_loss else []
        elif np.all(wrong[-1 if is_loss else -MIN_IN_A_ROW :]) and not _is_explained_variance(run, tag):
            ended.append(tag)
        elif is_loss and np.any(wrong[int(np.argmin(wrong)) :]):
            passed.append(tag)
    for tags, severity in ((ended, Severity.CRITICAL), (passed, Severity.WARNING)):
        if tags:
            tag = min(tags, key=lambda tag: _first_non_finite(run.logged[tag]))
            evidence, step = _where_non_finite(run, tag)
            again = "" if severity is Severity.CRITICAL else ", and finite again later"
            yield Finding("non_finite", severity, evidence + again + _what_grew(run, step), _against_non_finite(run))
            return


def _is_explained_variance(run: RecordedRun, tag: str) -> bool:
    return tag == run.tag_of(quantities.EXPLAINED_VARIANCE)


def _where_non_finite(run: RecordedRun, tag: str) -> tuple[str, int]:
    """What is non-finite from which step on, after the first number."""
    series = run.logged[tag]
    wrong = ~np.isfinite(series.values)
    after = 0 if np.all(wrong) else int(np.argmin(wrong))
    first = after + int(np.argmax(wrong[after:])) if np.any(wrong[after:]) else int(np.argmax(wrong))
    step = int(series.steps[first])
    return f"{tag} is {series.values[first]} at {run.at(step)}", step


def _against_non_finite(run: RecordedRun) -> str:
    precision = " hardware.precision=fp32 rules out overflow." if run.program is Program.OURS else ""
    return (
        f"What grew first is the cause: lower {run.name_of('lr')}, and {run.name_of('scale_rewards')}.{precision} Skip the "
        "step if a norm is non-finite, or it spreads to all weights."
    )


def _first_non_finite(series: Series) -> float:
    wrong = ~np.isfinite(series.values)
    return float(series.steps[wrong][0]) if np.any(wrong) else math.inf


def _what_grew(run: RecordedRun, before: int) -> str:
    """The losses, values and norms that had grown until a step, in the order in which they began to."""
    found = []
    for tag, series in run.logged.items():
        if not is_a_loss(tag):
            continue
        earlier = series.steps < before
        growth = growth_of(Series(series.steps[earlier], series.values[earlier]))
        if growth is not None and growth.since is not None:
            found.append((growth.since, f"{tag} \u00d7{growth.ratio:.2g} from {run.at(growth.since)} on"))
    return "; before that grew " + ", ".join(text for _, text in sorted(found)[:MAX_LISTED]) if found else ""


def too_little_data(run: RecordedRun) -> Iterator[Finding]:
    """Too few updates or points for the other rules of a run of ours."""
    try:
        points = len(run.values(metrics.CRITIC_LOSS, metrics.ACTOR_LOSS))
    except NotLogged:
        points = 0
    least = threshold_of(run, "gate.min_updates")
    try:
        updates = run.updates
    except NotLogged:
        updates = None
    if points >= MIN_POINTS and (updates is None or updates >= least):
        return
    starts, total = run.setting_or("algorithm.learning_starts", None), run.setting_or("total_steps", None)
    if points == 0 and starts is not None and total is not None and total <= starts:
        evidence = f"no update: learning starts after {starts} steps (algorithm.learning_starts), and the run has {total}"
        recommendation = f"total_steps={2 * starts} or more, or a smaller algorithm.learning_starts."
    else:
        evidence, recommendation = (
            ", ".join(_what_is_missing(updates, least, points)),
            ("Raise total_steps, or log more often (logging.every_updates). The other findings may change."),
        )
    yield Finding("too_little_data", Severity.WARNING, evidence, recommendation)


def too_few_points(run: RecordedRun) -> Iterator[Finding]:
    """A log of another program that is too short to tell anything."""
    known = [name for name in (*JUDGED, *quantities.OTHERS) if run.has(name)]
    if not known:
        return
    longest = max(known, key=lambda name: len(run.values(name)))
    points = len(run.values(longest))
    if points >= MIN_POINTS:
        return
    yield Finding(
        "too_little_data",
        Severity.WARNING,
        f"{points} points of {run.tag_of(longest)}, and no more of anything else (at least {MIN_POINTS} needed)",
        f"Raise {run.name_of('longer')}.",
    )


def return_not_logged(run: RecordedRun) -> Iterator[Finding]:
    """There are losses or values, and no return to tell whether the agent learns."""
    known = [name for name in (*JUDGED, *quantities.OTHERS) if run.has(name)]
    if not known or max(len(run.values(name)) for name in known) < MIN_POINTS:
        return
    try:
        return_of(run)
    except NotLogged:
        tags = [run.tag_of(name) for name in (metrics.EVAL_REWARD, metrics.EPISODE_REWARD) if run.has(name)]
        yield Finding(
            "return_not_logged",
            Severity.WARNING,
            f"too few points of {' and '.join(tags)} to tell whether it rises" if tags else "no tag is known as a return",
            f'Log the return of every episode, or say which tag it is: --tag "...={metrics.EPISODE_REWARD}".',
        )


def unknown_tags(run: RecordedRun) -> Iterator[Finding]:
    """Nothing in the log is known by its name."""
    if any(run.has(name) for name in (*JUDGED, *quantities.OTHERS, *metrics.GRAD_NORMS)):
        return
    tags = sorted(run.logged)
    shown = ", ".join(tags[:MAX_SHOWN]) + (f" and {len(tags) - MAX_SHOWN} more" if len(tags) > MAX_SHOWN else "")
    yield Finding(
        "unknown_tags",
        Severity.WARNING,
        f"none of the {len(tags)} tags is known as a return, a loss or a value: {shown}",
        f'Say what they are: --tag "{tags[0] if tags else "My Reward"}={metrics.EPISODE_REWARD}", --tag "...='
        f'{metrics.CRITIC_LOSS}".',
    )


def _what_is_missing(updates: int | None, least: float, points: int) -> Iterator[str]:
    if updates is None:
        yield f"an unknown number of updates (at least {least:g} needed)"
    elif updates < least:
        yield f"{updates} updates (at least {least:g} needed)"
    if points < MIN_POINTS:
        yield f"{points} points of losses (at least {MIN_POINTS} needed)"


def early_learning(run: RecordedRun) -> Iterator[Finding]:
    """Learning started when a batch was a large share of all data: the critic overfits before it has seen the task."""
    batch, starts = run.setting("algorithm.batch_size"), run.setting_or("algorithm.learning_starts", None)
    stored = run.learning_from if starts is None else int(starts)
    share = batch / max(1, stored)
    if share <= LARGE_BATCH:
        return
    later = 10 * batch
    total = run.setting_or("total_steps", None)
    fits = total is None or later < total
    starts_key, batch_key = run.name_of("learning_starts"), run.name_of("batch_size")
    yield Finding(
        "early_learning",
        Severity.WARNING,
        f"a batch of {batch} was {share:.0%} of the {stored} steps collected when learning started",
        f"{starts_key}={later} or a smaller {batch_key}."
        if fits
        else f"A smaller {batch_key}, or a longer run with {starts_key}={later}.",
    )


def reward_dominance(run: RecordedRun) -> Iterator[Finding]:
    """One reward term outweighs all others, so the agent optimises it alone."""
    shares = {tag: late(series.values) for tag, series in run.scalars.items() if tag.startswith(metrics.REWARD_SHARE)}
    if not shares:
        raise NotLogged(f"{metrics.REWARD_SHARE}*")
    tag = max(shares, key=lambda name: shares[name])
    if not shares[tag] > DOMINANT:
        return
    term = tag.removeprefix(metrics.REWARD_SHARE)
    yield Finding(
        "reward_dominance",
        Severity.WARNING,
        f"{term} is {shares[tag]:.0%} of the total absolute reward (median of the last quarter of the episodes)",
        f"Lower {run.name_of('reward_weights')}{term} or raise the others, until no term has more than {DOMINANT:.0%}.",
    )


def episode_collapse(run: RecordedRun) -> Iterator[Finding]:
    """Episodes become shorter and their reward lower: the policy is worse than it was, or than random actions."""
    lengths = policy_episodes(run, metrics.EPISODE_LENGTH)
    before = lengths.steps < _learning_from(run)
    learned = lengths.values[~before]
    if len(learned) < 4:
        return
    at_first = max(float(np.median(lengths.values[before])) if np.count_nonzero(before) >= 3 else 0.0, early(learned))
    last = late(learned)
    if not last < COLLAPSED * at_first or not _earns_less(run):
        return
    yield Finding(
        "episode_collapse",
        Severity.WARNING,
        f"episodes shrank from {at_first:g} to {last:g} steps (medians before and at the end of learning)",
        "This is a symptom: the policy fails immediately, usually with a constant action. See the critical findings; if there "
        "are none, check how episodes end, and whether reward terms favour an early end.",
    )


def _learning_from(run: RecordedRun) -> int:
    """The step of the first loss, or the first step where none was logged."""
    try:
        return run.learning_from
    except NotLogged:
        return int(run.series(metrics.EPISODE_LENGTH).steps[0])


def _earns_less(run: RecordedRun) -> bool:
    """Shorter episodes with as much reward are an improvement. Raises NotLogged without rewards."""
    rewards = policy_episodes(run, metrics.EPISODE_REWARD).values
    return late(rewards) < early(rewards)
