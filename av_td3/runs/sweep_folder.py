"""The folder of a sweep: one folder for each job, and these files."""

import json
from pathlib import Path
from typing import Any

from av_td3.config.errors import ConfigError
from av_td3.runs.files import write_json

CODE_FILE = "code.json"  # what the sweep was submitted with
TABLE_FILE, PAGE_FILE = "sweep.csv", "sweep.html"
MULTIRUN_FILE = "multirun.yaml"  # which Hydra writes
SUBMITIT_FOLDER = ".submitit"  # with a folder for each SLURM job id


def write_code(sweep: Path, digest: str, jobs: list[list[str]]) -> None:
    """Write down what a sweep is submitted with: the digest of the code, and the overrides of each job where they are known."""
    sweep.mkdir(parents=True, exist_ok=True)
    write_json(sweep / CODE_FILE, {"digest": digest, "jobs": jobs})


def read_code(sweep: Path) -> dict[str, Any] | None:
    """What ``write_code`` has written; None where that was never called. Raises ConfigError where it cannot be read."""
    path = sweep / CODE_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text())
        if not isinstance(content, dict) or not isinstance(content.get("jobs", []), list):
            raise ValueError("it is not what this program writes")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; delete it to let the sweep go on") from error
    return content
