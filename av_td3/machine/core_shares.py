"""Share the machine's cores among its runs.

With more threads than free cores, training is many times slower: waiting threads of OpenMP and oneDNN spin on the cores that
the others need. So each run registers, checks the other registrations after each episode, and uses its fair share. A run with
a fixed number of threads (``hardware.threads=N``) keeps it, and the others share the rest.

A registration is the name of a socket in Linux's abstract namespace: it vanishes with its process, even a killed one, and all
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
MAX_CPUS = 240  # 60 hexadecimal digits; a socket's name has at most 107 characters
SOCKETS = Path("/proc/net/unix")


class Registration(NamedTuple):
    """The registration of a run.

    Attributes:
        fixed: whether the run always uses all ``threads``.
        threads: the most that the run uses.
        cpus: bit mask of the CPUs that it may run on; 0 for any.

    """

    fixed: bool
    threads: int
    cpus: int

    @classmethod
    def from_name(cls, name: str) -> "Registration":
        """Parse the name that ``str`` returns. Raises ValueError."""
        kind, threads, cpus, _ = name.removeprefix(f"{PREFIX}:").split(":")
        return cls(kind == "fixed", int(threads), int(cpus, 16))

    def __str__(self) -> str:
        return f"{PREFIX}:{'fixed' if self.fixed else 'shared'}:{self.threads}:{self.cpus:x}:{secrets.token_hex(4)}"


class CoreShare:
    """A run's share of the machine's cores. Close it when the run ends.

    Args:
        threads: fixed number of threads; None for a fair share, at most OMP_NUM_THREADS.

    """

    def __init__(self, threads: int | None):
        self._own = Registration(threads is not None, threads or _max_threads(), _cpu_mask())
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._name = str(self._own)
        with contextlib.suppress(OSError):  # without the name, the others do not see this run
            self._socket.bind(f"\0{self._name}")

    def threads(self) -> int:
        """Number of threads that this run should use now."""
        others = [other for other in _registrations(self._name) if _share_a_cpu(other, self._own)]
        return self._own.threads if self._own.fixed else fair_share(usable_cores(), self._own.threads, others)

    def close(self) -> None:
        """Unregister the run."""
        self._socket.close()


def fair_share(cores: int, maximum: int, others: list[Registration]) -> int:
    """Divide the cores that runs with fixed threads leave equally (max-min fairness: what some cannot use goes to the others).

    Args:
        cores: of the machine.
        maximum: the most threads that this run uses.
        others: registrations of the other runs.

    Returns:
        The number of threads for this run, at least 1.

    """
    left = cores - sum(other.threads for other in others if other.fixed)
    sharing = sorted(other.threads for other in others if not other.fixed)
    for number, threads in enumerate(sharing):
        part = left // (len(sharing) - number + 1)
        if threads > part or threads > maximum:
            break  # the remaining runs use their whole part
        left -= threads
    else:
        number = len(sharing)
    return max(1, min(maximum, left // (len(sharing) - number + 1)))


def _cpu_mask() -> int:
    """Bit mask of the CPUs that this process may use; 0 where there are too many for the name of a socket."""
    cpus = os.sched_getaffinity(0)
    return sum(1 << cpu for cpu in cpus) if max(cpus) < MAX_CPUS else 0


def _share_a_cpu(one: Registration, other: Registration) -> bool:
    return not one.cpus or not other.cpus or bool(one.cpus & other.cpus)


def _max_threads() -> int:
    """OMP_NUM_THREADS, which schedulers and joblib set, or else the number of cores that this process may use."""
    setting = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(setting) if setting.isascii() and setting.isdecimal() and int(setting) > 0 else usable_cores()


def _registrations(own: str) -> list[Registration]:
    """Registrations of the other runs on this machine."""
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
                continue  # not a registration
    return found
