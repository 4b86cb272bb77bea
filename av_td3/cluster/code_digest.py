"""Which code and which defaults a sweep was submitted with: jobs that start later must find the same."""

import hashlib
import json
from pathlib import Path
from typing import Any

from av_td3.config.composition import CONF, PACKAGE
from av_td3.config.errors import ConfigError
from av_td3.runs.files import write_json

RECORD = "code.json"


def code_digest() -> str:
    """One number for everything that decides what a run does: the package, its templates, the configuration."""
    digest = hashlib.sha256()
    for path in sorted(_files()):
        digest.update(f"{path.relative_to(PACKAGE.parent)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files() -> set[Path]:
    code = {path for pattern in ("*.py", "*.j2") for path in PACKAGE.rglob(pattern)}
    return code | set(CONF.rglob("*.yaml")) | set((CONF / "sweep").glob("*.yaml"))  # which may be a link


def freeze(sweep: Path, jobs: list[list[str]]) -> None:
    """Write down what the sweep is submitted with: the code, and the overrides of each job where they are known."""
    sweep.mkdir(parents=True, exist_ok=True)
    write_json(sweep / RECORD, {"digest": code_digest(), "jobs": jobs})


def check_same_jobs(sweep: Path, jobs: list[list[str]]) -> None:
    """Raise ConfigError where the folder holds another sweep, or something else."""
    path = sweep / RECORD
    if not path.is_file():
        if sweep.is_dir() and any(sweep.iterdir()) and not (sweep / "multirun.yaml").is_file():
            raise ConfigError(f"hydra.sweep.dir={sweep}: holds other files and no sweep; choose a new folder")
        return
    earlier = _recorded(path).get("jobs", jobs)
    if earlier != jobs:
        first = " ".join(earlier[0]) or "no overrides" if earlier else "chosen by a sweeper"
        raise ConfigError(
            f"hydra.sweep.dir={sweep}: holds another sweep, of {len(earlier)} jobs ({first}, ...); choose a new folder, or "
            "repeat its own command to run what is left"
        )


def check_frozen(sweep: Path) -> None:
    """Raise ConfigError where the code or conf/ has been edited since the sweep in this folder was submitted."""
    path = sweep / RECORD
    if path.is_file() and _recorded(path).get("digest") != code_digest():
        raise ConfigError(
            f"{PACKAGE} or {CONF} was edited after {sweep} was submitted: put it back, or delete {path} to "
            "let the jobs that are left run with what is there now"
        )


def _recorded(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
        if not isinstance(content, dict) or not isinstance(content.get("jobs", []), list):
            raise ValueError("it is not what this program writes")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; delete it to let the sweep go on") from error
    return content
