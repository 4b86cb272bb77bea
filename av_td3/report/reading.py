"""What a log of another program was taken for, and how much of it could be checked, in words."""

from av_td3 import metrics
from av_td3.diagnostics.algorithm import Algorithm
from av_td3.diagnostics.axis import Axis
from av_td3.diagnostics.diagnose import RULES, Diagnosis
from av_td3.diagnostics.gate import Criterion, GateResult
from av_td3.diagnostics.log_gate import NOT_APPLICABLE, NOT_LOGGED
from av_td3.diagnostics.numbers import short
from av_td3.diagnostics.quantities import QUANTITIES
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.diagnostics.returns import return_trend
from av_td3.report.run_names import PLACES

AS_FAR_AS_LOGGED = "as far as this log tells"
MAX_MISSING = 4  # missing tags that a line names


def unit_of(run: RecordedRun) -> str:
    """The label of an axis of steps."""
    return "steps (unit not known)" if run.axis is Axis.UNKNOWN else run.axis.value


def name_of(run: RecordedRun) -> str:
    """The name of a run's folder, with that of the folder above where its own only says that a log is in it."""
    folder = run.folder.resolve()
    return f"{folder.parent.name}/{folder.name}" if not run.ours and folder.name.lower() in PLACES else run.name


def reading_of(run: RecordedRun) -> str:
    """Program, algorithm and unit, such as "Stable-Baselines3, PPO; steps are environment steps"."""
    if run.ours:
        return f"{run.program.value}; steps are {run.axis.value}"
    algorithm = "algorithm not known" if run.algorithm is Algorithm.UNKNOWN else run.algorithm.value
    steps = "what its steps count is not known" if run.axis is Axis.UNKNOWN else f"steps are {run.axis.value}"
    return f"{run.program.value}, {algorithm}; {steps}"


def return_in_words(run: RecordedRun) -> str:
    """How the return went, with its levels; empty if it has too few points."""
    try:
        trend = return_trend(run)
    except NotLogged:
        return ""
    tag = run.tag_of(metrics.EVAL_REWARD if trend.evaluation else metrics.EPISODE_REWARD)
    best = f"{short(trend.best)} at best ({run.at(trend.best_at)})"
    return f"{tag} {trend.trend.value}: {short(trend.first)} at first, {best}, {short(trend.late)} at the end"


def tags_read(run: RecordedRun) -> list[tuple[str, str]]:
    """Our name of each recognised tag, and the tag."""
    return sorted((name, tag) for name, tag in run.read_as.items() if name != tag)


def tags_as_named(run: RecordedRun) -> list[str]:
    """The tags of the log that have our names, and were read as what they are called."""
    read = {*run.read_as, *run.read_as.values()}
    return sorted(name for name in QUANTITIES if run.has(name) and name not in read)


def was_checked(criterion: Criterion) -> bool:
    """Whether there was anything to check; in a log of another program, a criterion without data is met by default."""
    return criterion.measured != NOT_LOGGED and not criterion.measured.startswith(NOT_APPLICABLE)


def unread_subjects(gate_result: GateResult) -> list[str]:
    """What a verdict on a log of another program leaves open, because nothing about it was logged."""
    return [criterion.name for criterion in gate_result.criteria if criterion.measured == NOT_LOGGED]


def unchecked_rules(diagnosis: Diagnosis) -> str:
    """How many rules could not look, and at what, in a line; empty if all could."""
    if not diagnosis.gaps:
        return ""
    count = sum(unchecked.missing is not None for unchecked in diagnosis.unchecked)
    subjects = dict.fromkeys(rule.subject for rule in RULES if rule.name in diagnosis.gaps)
    missing = [subject for subject in subjects if subject not in diagnosis.subjects] or _tags(diagnosis)
    return f"{count} of {diagnosis.checks} rules had nothing to look at (not logged: {', '.join(missing)})"


def _tags(diagnosis: Diagnosis) -> list[str]:
    """The first missing tags and settings."""
    tags = list(dict.fromkeys(diagnosis.gaps.values()))
    more = [f"{len(tags) - MAX_MISSING} more"] if len(tags) > MAX_MISSING else []
    return tags[:MAX_MISSING] + more
