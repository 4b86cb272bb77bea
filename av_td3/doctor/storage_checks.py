"""Disk, quotas, write permission and memory."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from av_td3.config.errors import ConfigError
from av_td3.config.experiment import Config
from av_td3.config.hardware import expanded
from av_td3.doctor.check import Check, ok, parts, problem, warning
from av_td3.machine.leases import lease_folder
from av_td3.machine.process import home_folder
from av_td3.machine.resources import available_memory
from av_td3.training.memory_needs import run_bytes

MIN_FREE = 2e9  # bytes; a run of validation_5k writes a tenth of it
MIN_FILES = 10_000  # a run writes about 50
NEARLY_FULL = 0.9  # of a quota
NEARLY_ALL = 0.8  # of the available memory
QUOTA = ("quota", "--no-wrap", "--raw-grace")
QUOTA_TIMEOUT = 10.0  # s
QUOTA_COLUMNS = 9  # file system; used, soft limit, hard limit and grace of blocks (1 kB); the same of files


def check_disk(outputs: Path) -> Iterator[Check]:
    """Free space and files of the file system, and permission to write.

    Args:
        outputs: the folder of the runs, which need not exist.

    """
    folder = existing(outputs)
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        yield problem("write permission", f"{folder}: {error.strerror}", "start from another folder, or set hydra.run.dir=DIR")
        return
    yield ok("write permission", f"{outputs} can be written")
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE:
        yield warning(
            "disk", f"{free / 1e9:.1f} GB are free at {outputs}", "free some, or set hydra.run.dir=DIR", free_bytes=free
        )
    else:
        yield ok("disk", f"{free / 1e9:.0f} GB are free at {outputs}", free_bytes=free)
    system = os.statvfs(folder)
    if system.f_files and system.f_favail < MIN_FILES:
        yield warning("files", f"only {system.f_favail} more can be created at {outputs}", "delete some: the inodes run out")


def check_scratch(scratch: str | None) -> Iterator[Check]:
    """Free space and permission to write on the node's own disk, where the run uses it.

    Args:
        scratch: ``hardware.scratch``.

    """
    if scratch is None:
        return
    try:
        folder = expanded(scratch)
        tempfile.TemporaryFile(dir=folder).close()
    except ConfigError as error:
        yield problem("scratch", *parts(str(error)))
    except OSError as error:
        yield problem("scratch", f"{folder}: {error.strerror}", "set hardware.scratch to another folder, or to null")
    else:
        free = shutil.disk_usage(folder).free
        yield ok("scratch", f"{free / 1e9:.0f} GB are free at {folder}", free_bytes=free)


def existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    place = folder.absolute()
    return next(candidate for candidate in (place, *place.parents) if candidate.exists())


def check_quotas() -> Iterator[Check]:
    """The user's quotas, where the command ``quota`` knows them."""
    if shutil.which("quota") is None:
        yield ok("quotas", "unknown: there is no command `quota`; sites with Lustre or GPFS have one of their own")
        return
    try:  # its exit code is not 0 where a quota is exceeded
        done = subprocess.run(QUOTA, capture_output=True, text=True, timeout=QUOTA_TIMEOUT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        yield warning("quotas", f"`quota` has no answer within {QUOTA_TIMEOUT:g} s", "see whether a file server hangs")
        return
    full = list(_nearly_full(done.stdout))
    if full:
        yield warning("quotas", "; ".join(full), "delete what is not needed, or write runs elsewhere with hydra.run.dir=DIR")
    else:
        yield ok("quotas", "none that is nearly used up")


def _nearly_full(printed: str) -> Iterator[str]:
    """Each quota of which little is left, in words."""
    for line in printed.splitlines():
        words = [word.rstrip("*") for word in line.split()]
        if len(words) != QUOTA_COLUMNS or not all(word.isdecimal() for word in words[1:]):
            continue  # a heading
        system, blocks, soft_blocks, hard_blocks, _, files, soft_files, hard_files, _ = words
        if _is_nearly(int(blocks), int(soft_blocks), int(hard_blocks)):
            limit = int(soft_blocks) or int(hard_blocks)
            yield f"{int(blocks) / 1e6:.1f} of {limit / 1e6:.1f} GB on {system} are used"
        if _is_nearly(int(files), int(soft_files), int(hard_files)):
            yield f"{files} of {int(soft_files) or int(hard_files)} files on {system} are used"


def _is_nearly(used: int, *limits: int) -> bool:
    return any(limit and used > NEARLY_FULL * limit for limit in limits)


def check_folders() -> Iterator[Check]:
    """The folders that the client and the environment write to besides the run's: home, and one for leases."""
    home = Path(home_folder())
    try:
        tempfile.TemporaryFile(dir=home).close()
    except OSError as error:
        yield problem(
            "home folder", f"{home}: {error.strerror}", "set HOME to a folder that exists: CARLA's client keeps maps there"
        )
    else:
        yield ok("home folder", "CARLA's client can keep maps in it")
    try:
        lease_folder("servers")
    except OSError as error:
        yield problem("leases", str(error), "set TMPDIR to a folder of your own on a local disk")


def check_memory_left(config: Config) -> Iterator[Check]:
    """Memory that is available within the limits of the control groups, compared with what the run needs.

    A run that does not fit is refused when it starts; that check is part of its requirements.
    """
    available, needed = available_memory(), run_bytes(config)
    text = f"the run needs about {needed / 1e9:.1f} of {available / 1e9:.1f} GB that are available"
    numbers = {"available_memory_bytes": float(available), "needed_memory_bytes": float(needed)}
    if needed > NEARLY_ALL * available:
        yield warning("memory", text, "lower algorithm.buffer_size, or set replay.storage=disk", **numbers)
    else:
        yield ok("memory", text, **numbers)
