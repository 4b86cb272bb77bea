"""Giving the node back when the scheduler asks for it, from a point at which the run can go on later.

SLURM sends SIGUSR2 some time before it takes the node (``--signal``), and SIGTERM shortly before it kills. submitit answers the
first by putting the job back into the queue and ending it at once, in the middle of an episode. Here that answer waits until
the episode has ended and a checkpoint is written.
"""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

SIGNALS = (signal.SIGUSR1, signal.SIGUSR2)


class HandedBack(Exception):
    """The run stops here, to go on in another process."""


class Handover:
    """Listens for the scheduler. To be made in the main thread."""

    def __init__(self, grace: float):
        self._grace = grace
        self._asked: float | None = None  # when
        self._signal = signal.SIGUSR2
        self.warned = False  # whether SIGTERM has come: save soon, and go on until killed
        self._answers = {number: signal.signal(number, self._ask) for number in SIGNALS}
        terminate = signal.getsignal(signal.SIGTERM)
        self._bypass = terminate if callable(terminate) and "SLURM_JOB_ID" in os.environ else None
        if self._bypass is not None:
            signal.signal(signal.SIGTERM, self._warn)

    def close(self) -> None:
        """Listen no more."""
        for number, answer in self._answers.items():
            signal.signal(number, answer)
        if self._bypass is not None:
            signal.signal(signal.SIGTERM, self._bypass)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = self._asked or time.monotonic()
        self._signal = signal.Signals(number)

    def _warn(self, number: int, frame: FrameType | None) -> None:
        self.warned = True
        if self._bypass is not None:
            self._bypass(number, frame)

    @property
    def asked(self) -> bool:
        """Whether the node is wanted back."""
        return self._asked is not None

    @property
    def overdue(self) -> bool:
        """Whether it has been wanted for so long that the run must not wait for the end of its episode."""
        return self._asked is not None and time.monotonic() - self._asked > self._grace

    def hand_back(self) -> None:
        """Put the job back into the queue and exit, as submitit would have done at once. Outside of SLURM, do nothing."""
        answer = self._answers[self._signal]
        if callable(answer):
            answer(self._signal, None)
        elif "SLURM_JOB_ID" in os.environ:
            subprocess.run(["scontrol", "requeue", os.environ["SLURM_JOB_ID"]], check=True)
            sys.exit(0)
