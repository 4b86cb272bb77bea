"""What a run was made with: versions, machine, code."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

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


def provenance() -> dict[str, str]:
    """Name and value of each fact, for ``environment.json``. What cannot be found out is left out."""
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
