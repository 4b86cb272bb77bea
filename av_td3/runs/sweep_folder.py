"""The folder of a sweep. It contains a folder per job, and these files."""

import json
from pathlib import Path
from typing import Any

from av_td3.config.errors import ConfigError
from av_td3.runs.files import write_json

CODE_FILE = "code.json"  # code and jobs of the submission
TABLE_FILE, PAGE_FILE = "sweep.csv", "sweep.html"
MULTIRUN_FILE = "multirun.yaml"  # written by Hydra
SUBMITIT_FOLDER = ".submitit"  # contains a folder per SLURM job id


def write_code(sweep: Path, digest: str, jobs: list[list[str]]) -> None:
    """Record the digest of the code and the overrides of each known job of a sweep."""
    sweep.mkdir(parents=True, exist_ok=True)
    write_json(sweep / CODE_FILE, {"digest": digest, "jobs": jobs})


def read_code(sweep: Path) -> dict[str, Any] | None:
    """Read what ``write_code`` has written; None if there is none. Raises ConfigError if it cannot be read."""
    path = sweep / CODE_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text())
        if not isinstance(content, dict) or not isinstance(content.get("jobs", []), list):
            raise ValueError("unexpected content")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; delete it to continue the sweep") from error
    return content
