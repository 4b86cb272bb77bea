"""The gate and the diagnosis of a run together."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from omegaconf.errors import OmegaConfBaseException

from av_td3.config.alerts import Gate
from av_td3.config.errors import ConfigError
from av_td3.diagnostics.diagnose import Diagnosis, diagnose
from av_td3.diagnostics.finding import Finding
from av_td3.diagnostics.gate import Criterion, GateResult, evaluate_gate
from av_td3.diagnostics.gate_file import read_gate
from av_td3.diagnostics.log_gate import evaluate_log
from av_td3.diagnostics.recorded_run import RecordedRun
from av_td3.diagnostics.summary import summarize
from av_td3.diagnostics.thresholds import gate_of, own_alerts
from av_td3.runs.config_file import CONFIG_FILE


@dataclass(frozen=True)
class Assessment:
    """A run with its gate result and its diagnosis."""

    run: RecordedRun
    gate_result: GateResult
    diagnosis: Diagnosis

    def content(self) -> dict[str, Any]:
        """The content of ``report.json``, as plain JSON values."""
        verdict, criteria = self.gate_result
        content = {
            "run": self.run.title,
            "verdict": verdict.value,
            "findings": [_finding(finding) for finding in self.diagnosis.findings],
            "criteria": [_criterion(criterion) for criterion in criteria],
            "not_checked": [rule._asdict() for rule in self.diagnosis.unchecked],
            "problems": self.run.problems,
            "figures": {tag: asdict(summarize(series)) for tag, series in sorted(self.run.scalars.items())},
        }
        return for_json(content)


def assess(run: RecordedRun, gate: str | None = None) -> Assessment:
    """Evaluate the gate of a run and diagnose it.

    Args:
        run: the run.
        gate: name of a file in ``conf/gate/`` or path of a ``.yaml`` file; None uses the run's own gate,
            and for a log of another program the findings.

    Raises:
        ConfigError: the gate is invalid.

    """
    diagnosis = diagnose(run)
    if gate is not None:
        return Assessment(run, evaluate_gate(run, _named_gate(gate, run)), diagnosis)
    if not run.ours:
        return Assessment(run, evaluate_log(run, diagnosis), diagnosis)
    return Assessment(run, evaluate_gate(run, _own_gate(run)), diagnosis)


def _named_gate(name: str, run: RecordedRun) -> Gate:
    try:
        return read_gate(name, own_alerts(run))
    except ConfigError:
        raise
    except (OSError, ValueError, TypeError, RecursionError) as error:  # the file is not YAML, or not a gate
        raise ConfigError(f"gate {name}: {' '.join(str(error).split())}") from error


def _own_gate(run: RecordedRun) -> Gate:
    try:
        return gate_of(run)
    except (OmegaConfBaseException, TypeError, ValueError) as error:
        raise ConfigError(f"{run.folder / CONFIG_FILE}: its gate cannot be read: {str(error).splitlines()[0]}") from error


# Scripts read these keys, so they are spelled out here and do not follow the names of the fields.


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "evidence": finding.evidence,
        "advice": finding.recommendation,
    }


def _criterion(criterion: Criterion) -> dict[str, str]:
    return {
        "name": criterion.name,
        "wanted": criterion.threshold,
        "found": criterion.measured,
        "verdict": criterion.verdict.value,
    }


def for_json(content: dict[str, Any]) -> dict[str, Any]:
    """A copy that JSON can represent: NaN, infinity and dates become text."""
    return {str(key): _for_json(value) for key, value in content.items()}


def _for_json(node: Any) -> Any:
    if isinstance(node, dict):
        return for_json(node)
    if isinstance(node, list):
        return [_for_json(value) for value in node]
    if isinstance(node, str | int | None):
        return node
    return node if isinstance(node, float) and math.isfinite(node) else str(node)  # YAML also has dates and bytes
