"""What the command line says about a log: settings that it lacks (``--set``), and what its tags mean (``--tag``)."""

from typing import Any, NamedTuple

from av_td3.diagnostics.recorded_run import RecordedRun, with_overrides, with_tags
from av_td3.diagnostics.settings import parse_setting
from av_td3.diagnostics.tags import parse_tag


class Corrections(NamedTuple):
    """Settings by dotted key, and our name by tag of the log."""

    settings: list[tuple[str, Any]]
    tags: dict[str, str]

    def applied_to(self, run: RecordedRun) -> RecordedRun:
        """A copy of the run. Raises ConfigError if it has no such tag."""
        return with_overrides(with_tags(run, self.tags), self.settings)


def parse_corrections(settings: list[str], tags: list[str]) -> Corrections:
    """Parse texts of ``--set`` (KEY=VALUE) and ``--tag`` (TAG=NAME). Raises ConfigError."""
    return Corrections([parse_setting(setting) for setting in settings], dict(parse_tag(tag) for tag in tags))
