"""A digest of the code and the defaults that a sweep was submitted with. Jobs that start later must find the same."""

import hashlib
from pathlib import Path

from av_td3.config.conf_folder import CONF, PACKAGE
from av_td3.config.errors import ConfigError
from av_td3.runs.sweep_folder import CODE_FILE, MULTIRUN_FILE, read_code, write_code


def code_digest() -> str:
    """SHA-256 of everything that determines a run: the package, its templates and the configuration, as hex digits."""
    digest = hashlib.sha256()
    for path in sorted(_files()):
        digest.update(f"{path.relative_to(PACKAGE.parent)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files() -> set[Path]:
    code = {path for pattern in ("*.py", "*.j2") for path in PACKAGE.rglob(pattern)}
    return code | set(CONF.rglob("*.yaml")) | set((CONF / "sweep").glob("*.yaml"))  # may be a link


def freeze(sweep: Path, jobs: list[list[str]], folders: list[str]) -> None:
    """Record the digest of the code, and overrides and folder of each job; none if the sweeper chooses them later."""
    write_code(sweep, code_digest(), jobs, folders)


def check_same_jobs(sweep: Path, jobs: list[list[str]]) -> None:
    """Raise ConfigError if the folder holds another sweep, or other files."""
    submitted = read_code(sweep)
    if submitted is None:
        if sweep.is_dir() and any(sweep.iterdir()) and not (sweep / MULTIRUN_FILE).is_file():
            raise ConfigError(f"hydra.sweep.dir={sweep}: holds other files, but no sweep; choose a new folder")
        return
    earlier = submitted.get("jobs", jobs)
    if earlier != jobs:
        first = " ".join(earlier[0]) or "no overrides" if earlier else "chosen by a sweeper"
        raise ConfigError(
            f"hydra.sweep.dir={sweep}: holds another sweep, of {len(earlier)} jobs ({first}, ...); choose a new folder, or "
            "repeat its own command to run the remaining jobs"
        )


def check_frozen(sweep: Path) -> None:
    """Raise ConfigError if the code or conf/ was edited after the sweep in this folder was submitted."""
    submitted = read_code(sweep)
    if submitted is not None and submitted.get("digest") != code_digest():
        raise ConfigError(
            f"{PACKAGE} or {CONF} was edited after {sweep} was submitted: restore it, or delete {sweep / CODE_FILE} to "
            "run the remaining jobs with the current code"
        )
