"""The folder of a sweep. It contains a folder per job, and these files."""

import json
from pathlib import Path
from typing import Annotated, Any

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Form
from av_td3.config.schema import Schema
from av_td3.config.validation import typed
from av_td3.runs.files import write_json

CODE_FILE = "code.json"  # code and jobs of the submission
SLURM_FILE = "slurm_jobs.json"  # the SLURM jobs that run the jobs
TABLE_FILE, PAGE_FILE = "sweep.csv", "sweep.html"
MULTIRUN_FILE = "multirun.yaml"  # written by Hydra
SUBMITIT_FOLDER = ".submitit"  # contains a folder per SLURM job id


class SlurmJobs(Schema):
    """The content of ``slurm_jobs.json``.

    Args:
        cluster: name of the cluster; None if it is unknown.
        jobs: SLURM ids of each job, the newest last, by the name of the job's folder.
        cancelled: why a job was cancelled, by the name of its folder.

    """

    cluster: str | None
    jobs: dict[str, list[Annotated[str, Form(r"\d+(_\d+)?", "an id such as 13 or 13_7")]]]
    cancelled: dict[str, str]


def write_slurm_jobs(sweep: Path, submitted: SlurmJobs) -> None:
    write_json(sweep / SLURM_FILE, submitted.model_dump())


def read_slurm_jobs(sweep: Path) -> SlurmJobs | None:
    """Read what ``write_slurm_jobs`` has written; None if there is none. Raises ConfigError if it cannot be read."""
    path = sweep / SLURM_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text())
        if not isinstance(content, dict):
            raise ValueError("unexpected content")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return typed(content, SlurmJobs, prefix=f"{path}: ")


def write_code(sweep: Path, digest: str, jobs: list[list[str]], folders: list[str]) -> None:
    """Record the digest of the code, and overrides and name of the folder of each known job of a sweep."""
    sweep.mkdir(parents=True, exist_ok=True)
    write_json(sweep / CODE_FILE, {"digest": digest, "jobs": jobs, "folders": folders})


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
