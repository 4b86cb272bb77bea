"""``tensorboard/`` of a sweep: the log of each job under its overrides, as links."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from av_td3.config.errors import ConfigError
from av_td3.runs.folder import TENSORBOARD
from av_td3.runs.sweep_folder import read_code

MAX_NAME = 200  # characters


def name_in_tensorboard(sweep: Path, job: Path, overrides: Sequence[str]) -> None:
    """Link a job's log in the folder of its sweep that TensorBoard reads. A file system without links goes without.

    Args:
        sweep: folder of the sweep.
        job: folder of the job.
        overrides: of the job.

    """
    link = sweep / TENSORBOARD / job_name(str(job.relative_to(sweep)), swept(overrides, _jobs(sweep)))
    with suppress(OSError):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(job / TENSORBOARD, link.parent), target_is_directory=True)


def swept(overrides: Sequence[str], jobs: Sequence[Sequence[str]]) -> list[str]:
    """Those overrides of a job that not all jobs have; all of them where there are no other jobs."""
    if len(jobs) < 2:
        return list(overrides)
    return [text for text in overrides if not all(text in job for job in jobs)]


def job_name(number: str, overrides: Sequence[str]) -> str:
    """A file name such as ``0 actor_max_norm=1.0 seed=2``: keys by their last part, or whole where these are ambiguous."""
    pairs = [text.lstrip("+~").partition("=") for text in overrides]
    last = [key.rpartition(".")[2] for key, _, _ in pairs]
    short = [name if last.count(name) == 1 else key for (key, _, _), name in zip(pairs, last, strict=True)]
    words = [f"{name}={value}" for name, (_, _, value) in zip(short, pairs, strict=True)]
    return " ".join([number, *words]).replace("/", "_")[:MAX_NAME]


def _jobs(sweep: Path) -> list[list[str]]:
    """The overrides of each job, where they were known at the start of the sweep."""
    try:
        code = read_code(sweep)
    except ConfigError:
        return []
    return [] if code is None else code.get("jobs", [])
