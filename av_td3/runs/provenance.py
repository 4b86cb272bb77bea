"""``environment.json``: versions, machine and code of a run."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from av_td3.runs.files import write_json

ENVIRONMENT_FILE = "environment.json"
PACKAGES = (
    "av-td3",
    "torch",
    "carla",
    "gymnasium",
    "hydra-core",
    "omegaconf",
    "numpy",
    "opencv-python-headless",
    "tensorboard",
)


def write_provenance(folder: Path) -> None:
    """Write the facts about this process into a run's folder."""
    write_json(folder / ENVIRONMENT_FILE, provenance())


def read_provenance(folder: Path) -> dict[str, Any]:
    """Read the facts by name; empty if there are none."""
    path = folder / ENVIRONMENT_FILE
    try:
        content = json.loads(path.read_text()) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def provenance() -> dict[str, str]:
    """The facts about this process by name. Unknown ones are left out."""
    facts = {
        "command": " ".join(sys.argv),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "host": platform.node(),
        "commit": _commit(),
    }
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            continue
    return {name: fact for name, fact in facts.items() if fact}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _commit() -> str:
    """The commit of the code, and whether the code has changed since."""
    folder = Path(__file__).resolve().parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty= with changes", "--abbrev=12", "--exclude=*"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return described.stdout.strip()
