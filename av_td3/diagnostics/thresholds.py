"""Thresholds of rules and gate: those of the run's own config, else the defaults in ``conf/``."""

from typing import Any

from av_td3.config.alerts import Gate
from av_td3.diagnostics.gate_file import defaults, gate_from
from av_td3.diagnostics.recorded_run import NotLogged, RecordedRun


def threshold_of(run: RecordedRun, key: str) -> float:
    """A threshold by its dotted key, such as ``alerts.clip_tolerance`` or ``gate.max_q``."""
    section, name = key.split(".")
    try:
        value: float = run.setting(key)
    except NotLogged:
        value = defaults(own_alerts(run))[section][name]
    return value


def gate_of(run: RecordedRun) -> Gate:
    """The gate in the run's own config; what that does not say is that of the default one.

    Raises ConfigError for a threshold out of range, and OmegaConf's errors, TypeError or ValueError for what is no gate.
    """
    gate = run.config.get("gate") or {}
    own = {name: gate[name] for name in Gate.model_fields if name in gate} if isinstance(gate, dict) else gate
    return gate_from(own, own_alerts(run))  # without what is no threshold: a reference of a stranger's is not followed


def own_alerts(run: RecordedRun) -> dict[str, Any]:
    """The alerts in the run's own config, which a gate may refer to; empty where there are none."""
    alerts = run.config.get("alerts")
    known = alerts.items() if isinstance(alerts, dict) else ()
    return {name: value for name, value in known if isinstance(value, int | float)}
