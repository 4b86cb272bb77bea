"""How the runs of one machine share its cores.

With more threads than free cores a learner is many times slower: threads of OpenMP and oneDNN that wait for each other spin,
on the very core that the other process needs. So each run registers, looks at the others where an episode ends, and uses its
part. A run with a fixed number of threads (``hardware.threads=N``) keeps it, and the others share what is left.

A registration is the name of a socket in Linux's abstract namespace: it is gone with its process, however that ends, and all
runs can read it in /proc/net/unix. Runs in containers with a network of their own do not see each other.
"""

import contextlib
import os
import secrets
import socket
from pathlib import Path
from typing import NamedTuple

from av_td3.machine.resources import usable_cores

PREFIX = "av_td3-cores"
MAX_CPUS = 240  # 60 hexadecimal digits; a socket's name has room for 107 characters
SOCKETS = Path("/proc/net/unix")


class Registration(NamedTuple):
    """What a run tells the others."""

    fixed: bool  # it uses all of ``threads``, whatever the others do
    threads: int  # at most
    cpus: int  # those it may run on, as a mask of bits; 0 for any

    @classmethod
    def from_name(cls, name: str) -> "Registration":
        """Read what ``str`` wrote. Raises ValueError."""
        kind, threads, cpus, _ = name.removeprefix(f"{PREFIX}:").split(":")
        return cls(kind == "fixed", int(threads), int(cpus, 16))

    def __str__(self) -> str:
        return f"{PREFIX}:{'fixed' if self.fixed else 'shared'}:{self.threads}:{self.cpus:x}:{secrets.token_hex(4)}"


class CoreShare:
    """One run's part of the machine's cores. To be closed when the run ends.

    Args:
        threads: the number that the configuration fixes; None uses what is free, but no more than OMP_NUM_THREADS says.

    """

    def __init__(self, threads: int | None):
        self._own = Registration(threads is not None, threads or _max_threads(), _cpu_mask())
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._name = str(self._own)
        with contextlib.suppress(OSError):  # then the others do not see this run
            self._socket.bind(f"\0{self._name}")

    def threads(self) -> int:
        """How many threads this run should use now."""
        others = [other for other in _registrations(self._name) if _share_a_cpu(other, self._own)]
        return self._own.threads if self._own.fixed else fair_share(usable_cores(), self._own.threads, others)

    def close(self) -> None:
        """Leave the cores to the others."""
        self._socket.close()


def fair_share(cores: int, most: int, others: list[Registration]) -> int:
    """An equal part of the cores that runs with a fixed number leave; what some cannot use goes to the rest. At least 1."""
    left = cores - sum(other.threads for other in others if other.fixed)
    sharing = sorted(other.threads for other in others if not other.fixed)
    for number, threads in enumerate(sharing):
        part = left // (len(sharing) - number + 1)
        if threads > part or threads > most:
            break  # from here on, nobody leaves anything
        left -= threads
    else:
        number = len(sharing)
    return max(1, min(most, left // (len(sharing) - number + 1)))


def _cpu_mask() -> int:
    """The cores that this process may use, as bits; 0 where there are too many for the name of a socket."""
    cpus = os.sched_getaffinity(0)
    return sum(1 << cpu for cpu in cpus) if max(cpus) < MAX_CPUS else 0


def _share_a_cpu(one: Registration, other: Registration) -> bool:
    return not one.cpus or not other.cpus or bool(one.cpus & other.cpus)


def _max_threads() -> int:
    """OMP_NUM_THREADS, which joblib, schedulers and sites set; else the cores that this process may use."""
    setting = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(setting) if setting.isascii() and setting.isdecimal() and int(setting) > 0 else usable_cores()


def _registrations(own: str) -> list[Registration]:
    """Those of the other runs on this machine."""
    try:
        lines = SOCKETS.read_text(errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        name = line.rpartition("@")[2]
        if name.startswith(f"{PREFIX}:") and name != own:
            try:
                found.append(Registration.from_name(name))
            except ValueError:
                continue  # not one of ours
    return found
