"""Thresholds of rules and gate: from the run's own config, else the defaults in ``conf/``."""

from typing import Any

from av_td3.config.alerts import Gate
from av_td3.diagnostics.gate_file import defaults, gate_from
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun


def threshold_of(run: RecordedRun, key: str) -> float:
    """The threshold with a dotted key such as ``alerts.clip_tolerance`` or ``gate.max_q``."""
    section, name = key.split(".")
    try:
        value: float = run.setting(key)
    except NotLogged:
        value = defaults(own_alerts(run))[section][name]
    return value


def gate_of(run: RecordedRun) -> Gate:
    """The gate of the run's own config; the default gate supplies missing thresholds.

    Raises:
        ConfigError: a threshold is out of range.
        OmegaConfBaseException, TypeError, ValueError: the section is not a gate.

    """
    gate = run.config.get("gate") or {}
    own = {name: gate[name] for name in Gate.model_fields if name in gate} if isinstance(gate, dict) else gate
    return gate_from(own, own_alerts(run))  # only thresholds: other interpolations of an untrusted config are not resolved


def own_alerts(run: RecordedRun) -> dict[str, Any]:
    """The numeric thresholds of the run's own alerts, which a gate may refer to."""
    alerts = run.config.get("alerts")
    known = alerts.items() if isinstance(alerts, dict) else ()
    return {name: value for name, value in known if isinstance(value, int | float)}
