"""``status.json``: the state of a run, for other processes."""

import json
import os
import time
from pathlib import Path
from typing import Any

from av_td3.runs.files import check_is_file, reason, write_json
from av_td3.runs.lock import is_in_use

STATUS_FILE = "status.json"
QUEUED, RUNNING, DONE, FAILED, INTERRUPTED = "queued", "running", "done", "failed", "interrupted"
UNFINISHED = (QUEUED, RUNNING)
TYPES = {
    "state": str,
    "step": int,
    "error": str,
    "reason": str,
    "restarts": int,
    "simulator_restarts": int,
    "overrides": list,
    "alerts": dict,
}


class RunStatus:
    """Writes the status of a run.

    ``status.json`` has state (QUEUED, RUNNING, DONE, FAILED or INTERRUPTED), step, verdict, error, reason of an early end,
    alerts, restarts (how often another process resumed the run), simulator_restarts (of all its processes), pid and host.

    Args:
        folder: of the run; it must exist when the status is written.

    """

    def __init__(self, folder: Path):
        self._path = folder / STATUS_FILE
        self.earlier = read_status(folder, [])  # the status of an earlier process; empty if there is none
        restarts = self.earlier.get("restarts")
        self.restarts = 0 if restarts is None else restarts + 1
        self.state, self.step = "", 0  # as last written
        self._earlier_simulator_restarts: int = self.earlier.get("simulator_restarts") or 0
        self.simulator_restarts = 0  # in this process
        self.alerts: dict[str, Any] = self.earlier.get("alerts") or {}  # all that were ever raised, by name

    def put_back(self) -> None:
        """Restore the status of the earlier process."""
        write_json(self._path, self.earlier)

    def write(self, state: str, step: int, **more: Any) -> None:
        """Replace the status.

        Args:
            state: one of the constants of this module.
            step: environment step.
            more: further entries, such as ``verdict``, ``error`` and ``reason``.

        """
        self.state, self.step = state, step
        content: dict[str, Any] = {"state": state, "step": step, "verdict": None, "error": None, "reason": None}
        process: dict[str, Any] = {
            "restarts": self.restarts,
            "simulator_restarts": self._earlier_simulator_restarts + self.simulator_restarts,
            "pid": os.getpid(),
            "host": os.uname().nodename,
        }
        if "overrides" in self.earlier:  # of a job of a sweep, whose summary lists them
            process["overrides"] = self.earlier["overrides"]
        write_json(self._path, content | more | {"alerts": self.alerts} | process | {"time": _now()})


def write_queued(folder: Path, overrides: list[str]) -> None:
    """Write the status of a queued run. An existing status is kept."""
    path = folder / STATUS_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, {"state": QUEUED, "step": 0, "verdict": None, "error": None, "overrides": overrides, "time": _now()})


def mark_lost_job(folder: Path) -> None:
    """Mark a job as failed if it has left the queue unfinished, that is, was cancelled or killed.

    A run that another process has resumed in the folder is not changed.
    """
    content = read_status(folder, [])
    if content.get("state") not in UNFINISHED or is_in_use(folder):
        return
    content |= {"state": FAILED, "error": f"its job was cancelled or killed; {progress(content)}"}
    write_json(folder / STATUS_FILE, content)


def progress(status: dict[str, Any]) -> str:
    """How far an unfinished run came, by its status."""
    step = status.get("step")
    return "it never started" if status["state"] == QUEUED and not step else f"it was last at step {step}"


def read_status(folder: Path, problems: list[str]) -> dict[str, Any]:
    """Read the status of a run.

    Args:
        folder: of the run.
        problems: gets a line if the file cannot be read, and for each entry of a wrong type, which is left out.

    Returns:
        The entries by name; empty if there are none.

    """
    path = folder / STATUS_FILE
    if not os.path.lexists(path):
        return {}
    try:
        check_is_file(path)
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        problems.append(f"{path.name} cannot be read: {reason(error)}")
        return {}
    if not isinstance(content, dict):
        problems.append(f"{path.name} cannot be read: not a JSON object")
        return {}
    for name, kind in TYPES.items():
        if content.get(name) is not None and (not isinstance(content[name], kind) or isinstance(content[name], bool)):
            problems.append(f"{path.name}: {name} is {json.dumps(content.pop(name))}, not {kind.__name__}; ignored")
    return content


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
