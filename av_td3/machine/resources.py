"""Cores and memory that this process may use, within the limits of its control groups."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
NO_LIMIT = 1 << 60  # bytes; version 1 of control groups writes a number near 2^63 for "none"


def usable_cores() -> int:
    """Number of cores that this process may use: its CPU affinity, or less where a control group limits its CPU time."""
    quotas = [quota for folder in control_groups("cpu") if (quota := _cpu_quota(folder)) is not None]
    return max(1, int(min([len(os.sched_getaffinity(0)), *quotas])))


def available_memory() -> int:
    """Bytes of memory that this process can still allocate, including file cache that can be dropped."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    address_space = [] if limit == resource.RLIM_INFINITY else [limit - _kilobytes("/proc/self/status", "VmSize")]
    groups = [left for folder in control_groups("memory") if (left := _memory_left(folder)) is not None]
    return max(0, min([_kilobytes("/proc/meminfo", "MemAvailable"), *address_space, *groups]))


def control_groups(controller: str) -> Iterator[Path]:
    """The folders of this process's control group and of its ancestors, for a controller such as ``memory``."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = CGROUPS / controllers if controllers else CGROUPS
        own = root / path.lstrip("/")
        yield from (folder for folder in (own, *own.parents) if folder == root or root in folder.parents)


def _cpu_quota(folder: Path) -> float | None:
    """Limit of CPU time in cores; None where there is none."""
    quota, period, *_ = [*_words(folder / "cpu.max"), "max", "100000"]
    if quota == "max":
        quota, *_ = [*_words(folder / "cpu.cfs_quota_us"), "-1"]
        period, *_ = [*_words(folder / "cpu.cfs_period_us"), "100000"]
    return int(quota) / int(period) if int(quota) > 0 else None


def _memory_left(folder: Path) -> int | None:
    """Bytes left below the group's limit; None where there is none."""
    limit, *_ = [*_words(folder / "memory.max"), *_words(folder / "memory.limit_in_bytes"), "max"]
    used, *_ = [*_words(folder / "memory.current"), *_words(folder / "memory.usage_in_bytes"), "0"]
    if limit == "max" or int(limit) > NO_LIMIT:
        return None
    statistics = dict(line.split() for line in _lines(folder / "memory.stat"))
    cache = statistics.get("total_inactive_file", statistics.get("inactive_file", "0"))
    return int(limit) - int(used) + int(cache)


def _kilobytes(path: str, name: str) -> int:
    """Value of a line such as ``MemAvailable: 123 kB``, in bytes; ``NO_LIMIT`` where it is missing."""
    found = (line.split() for line in _lines(Path(path)) if line.startswith(f"{name}:"))
    return next((int(words[1]) * 1024 for words in found), NO_LIMIT)


def _words(path: Path) -> list[str]:
    return [word for line in _lines(path) for word in line.split()]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
