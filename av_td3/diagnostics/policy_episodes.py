"""The training episodes that say something about the policy."""

from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun
from av_td3.runs.scalars import Series


def policy_episodes(run: RecordedRun, tag: str) -> Series:
    """The points of an ``episode/*`` tag, without those of a driver that filled the replay before learning began.

    A good driver (``replay.fill_with``) has long episodes and high rewards, beside which every policy seems to get worse.

    Args:
        run: of any program; only ours can have such a driver.
        tag: a name of ``metrics``.

    Raises:
        NotLogged: the run has no such tag.

    """
    series = run.series(tag)
    if run.setting_or("replay.fill_with", None) is None:
        return series
    try:
        driven = series.steps >= run.learning_from
    except NotLogged:
        return series
    return Series(series.steps[driven], series.values[driven])
