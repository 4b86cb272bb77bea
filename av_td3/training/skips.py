"""When a run gives up because its episodes fail, instead of skipping one after another for ever."""

from av_td3.env.errors import EpisodeFailed
from av_td3.runs.errors import RunFailed

MAX_ALIKE_IN_A_ROW = 3  # episodes with the same cause, each with another seed
MAX_IN_A_ROW = 10  # whatever the causes


class Skips:
    """The episodes that one environment has skipped since its last one that ended."""

    def __init__(self) -> None:
        self._in_a_row: list[EpisodeFailed] = []

    def add(self, error: EpisodeFailed) -> None:
        self._in_a_row.append(error)

    def clear(self) -> None:
        self._in_a_row.clear()

    def check(self) -> None:
        """Raise RunFailed where there is no hope that the next episode will do better."""
        newest = [failed.cause for failed in self._in_a_row[-MAX_ALIKE_IN_A_ROW:]]
        if len(newest) == MAX_ALIKE_IN_A_ROW and len(set(newest)) == 1:
            self._give_up(f"{MAX_ALIKE_IN_A_ROW} episodes in a row failed alike")
        if len(self._in_a_row) >= MAX_IN_A_ROW:
            self._give_up(f"{MAX_IN_A_ROW} episodes in a row failed")

    def _give_up(self, reason: str) -> None:
        last = self._in_a_row[-1]
        raise RunFailed(f"gave up: {reason}; the last one: {last}") from last
