"""``status.json``: what others need to know about a run without asking it."""

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
TYPES = {"state": str, "step": int, "error": str, "reason": str, "restarts": int, "overrides": list, "alerts": dict}


class RunStatus:
    """Says how a run is, from its first second on.

    state (QUEUED, RUNNING, DONE, FAILED or INTERRUPTED), step, verdict, error, reason of an early end, alerts, restarts (how
    often a process took over from one before it), process and host.
    """

    def __init__(self, folder: Path):
        self._path = folder / STATUS_FILE
        self.earlier = read_status(folder, [])  # what a process before this one has left; empty where there was none
        restarts = self.earlier.get("restarts")
        self.restarts = 0 if restarts is None else restarts + 1
        self.state, self.step = "", 0  # as last written
        self.alerts: dict[str, Any] = self.earlier.get("alerts") or {}  # all that were ever raised, by name

    def put_back(self) -> None:
        """Let it say again what it said before this process."""
        write_json(self._path, self.earlier)

    def write(self, state: str, step: int, **more: Any) -> None:
        """Replace what was said before."""
        self.state, self.step = state, step
        content: dict[str, Any] = {"state": state, "step": step, "verdict": None, "error": None, "reason": None}
        process: dict[str, Any] = {"restarts": self.restarts, "pid": os.getpid(), "host": os.uname().nodename}
        if "overrides" in self.earlier:  # of a job of a sweep: a table of the sweep names it by them
            process["overrides"] = self.earlier["overrides"]
        write_json(self._path, content | more | {"alerts": self.alerts} | process | {"time": _now()})


def write_queued(folder: Path, overrides: list[str]) -> None:
    """Say that a run with these overrides is waiting to begin. A status that is there already stays."""
    path = folder / STATUS_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(path, {"state": QUEUED, "step": 0, "verdict": None, "error": None, "overrides": overrides, "time": _now()})


def mark_lost_job(folder: Path) -> None:
    """Say that a job failed which has left the queue without a word: it was cancelled or killed.

    Only where it is unfinished, and no process of another launch works in its folder.
    """
    content = read_status(folder, [])
    if content.get("state") not in UNFINISHED or is_in_use(folder):
        return
    step = content.get("step")
    was = "never started" if content["state"] == QUEUED and not step else f"was last at step {step}"
    content |= {"state": FAILED, "error": f"its job was cancelled or killed; it {was}"}
    write_json(folder / STATUS_FILE, content)


def read_status(folder: Path, problems: list[str]) -> dict[str, Any]:
    """What the status says, empty where there is none.

    What cannot be read, or has a wrong type and is left out, gives a line in ``problems``.
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
        problems.append(f"{path.name} cannot be read: it holds no JSON object")
        return {}
    for name, kind in TYPES.items():
        if content.get(name) is not None and (not isinstance(content[name], kind) or isinstance(content[name], bool)):
            problems.append(f"{path.name}: {name} is {json.dumps(content.pop(name))}, no {kind.__name__}; ignored")
    return content


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
