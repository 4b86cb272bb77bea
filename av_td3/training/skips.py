"""When a run ends because its episodes fail, instead of skipping one after another for ever."""

from av_td3.env.errors import EpisodeFailed
from av_td3.runs.errors import RunFailed

ALIKE_IN_A_ROW = 3  # episodes with the same cause, each with another seed
IN_A_ROW = 10  # whatever the causes


class Skips:
    """Counts the episodes that one environment has skipped since the last one that was driven to its end."""

    def __init__(self) -> None:
        self._in_a_row: list[EpisodeFailed] = []

    def add(self, error: EpisodeFailed) -> None:
        """One more. Raises RunFailed when there is no hope that the next will go better."""
        self._in_a_row.append(error)
        newest = [failed.cause for failed in self._in_a_row[-ALIKE_IN_A_ROW:]]
        if len(newest) == ALIKE_IN_A_ROW and len(set(newest)) == 1:
            raise RunFailed(f"gave up: {ALIKE_IN_A_ROW} episodes in a row failed alike; the last one: {error}") from error
        if len(self._in_a_row) == IN_A_ROW:
            raise RunFailed(f"gave up: {IN_A_ROW} episodes in a row failed; the last one: {error}") from error

    def forget(self) -> None:
        """An episode has been driven to its end."""
        self._in_a_row.clear()
