"""Rules of other packages: entry points of the group ``av_td3.rules``.

The name of an entry point is the rule's name, its object the rule itself: a function that takes a RecordedRun and yields
Findings, as those in ``diagnostics/rules/`` do. It raises NotLogged where the run does not say enough.
"""

import copy
import dataclasses
from importlib.metadata import EntryPoint, entry_points

from av_td3.config.plugins import PluginError, described, load
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun

GROUP = "av_td3.rules"


def registered_rules() -> list[EntryPoint]:
    """The rules of other packages, by name; nothing of them is imported."""
    return sorted(entry_points(group=GROUP), key=lambda rule: rule.name)


def check(rule: EntryPoint, run: RecordedRun) -> list[Finding]:
    """What the rule finds in the run.

    Raises:
        NotLogged: the run does not say enough.
        PluginError: the rule cannot be imported, raises anything else, or yields what is no valid Finding.

    """
    function = load(rule)
    try:
        own = dataclasses.replace(run, scalars=dict(run.scalars), config=copy.deepcopy(run.config), status=dict(run.status))
        findings = list(function(own))  # what it changes there harms no other rule
    except NotLogged:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(rule, f"failed ({described(error)})") from error
    for finding in findings:
        if (wrong := _what_is_wrong(finding)) is not None:
            raise PluginError(rule, wrong)
    return findings


def _what_is_wrong(finding: object) -> str | None:
    if not isinstance(finding, Finding):
        return f"yielded an object of type {type(finding).__name__}; must yield av_td3.diagnostics.finding.Finding"
    if not isinstance(finding.severity, Severity):
        return "yielded a Finding whose severity is not an av_td3.diagnostics.finding.Severity"
    if not all(isinstance(text, str) for text in (finding.rule, finding.evidence, finding.recommendation)):
        return "yielded a Finding whose rule, evidence or recommendation is not text"
    return None
