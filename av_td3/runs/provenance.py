"""``environment.json``: what a run was made with. Versions, machine, code."""

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
    """Write down what the run in this folder is made with."""
    write_json(folder / ENVIRONMENT_FILE, provenance())


def read_provenance(folder: Path) -> dict[str, Any]:
    """Name and value of each fact that was written down; empty where there is nothing that can be read."""
    path = folder / ENVIRONMENT_FILE
    try:
        content = json.loads(path.read_text()) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def provenance() -> dict[str, str]:
    """Name and value of each fact, as of now. What cannot be found out is left out."""
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
    """The commit of the code that runs, and whether it was edited since."""
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
