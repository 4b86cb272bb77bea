"""``status.json``: what others need to know about a run without asking it."""

import json
import os
import time
from pathlib import Path
from typing import Any

from av_td3.runs.files import write_json


class RunStatus:
    """Says how a run is, from its first second on.

    state (queued, running, done, failed, interrupted), step, verdict, error, reason of an early end, alerts, restarts (how
    often a process took over from one before it), process and host.
    """

    def __init__(self, folder: Path):
        self._path = folder / "status.json"
        self.earlier = _read(self._path)  # what a process before this one has left; empty where there was none
        restarts = self.earlier.get("restarts", -1)
        self.restarts = restarts + 1 if isinstance(restarts, int) else 0
        self.state, self.step = "", 0  # as last written
        self._alerts: dict[str, Any] = {}

    def put_back(self) -> None:
        """Let it say again what it said before this process."""
        write_json(self._path, self.earlier)

    def write(self, state: str, step: int, **more: Any) -> None:
        """Replace what was said before."""
        self.state, self.step, self._alerts = state, step, more.pop("alerts", self._alerts)
        content: dict[str, Any] = {"state": state, "step": step, "verdict": None, "error": None, "reason": None}
        process = {"restarts": self.restarts, "pid": os.getpid(), "host": os.uname().nodename}
        write_json(
            self._path, content | more | {"alerts": self._alerts} | process | {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        )


def write_queued(folder: Path, overrides: list[str]) -> None:
    """Say that a run with these overrides is waiting to begin. A status that is there already stays."""
    path = folder / "status.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        write_json(path, {"state": "queued", "step": 0, "verdict": None, "error": None, "overrides": overrides, "time": now})


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
