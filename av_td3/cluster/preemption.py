"""Preemption: the run stops at a point from which another process can resume it, and its job goes back into the queue.

SLURM sends SIGUSR2 some time before it takes the node (``--signal``), and SIGTERM shortly before it kills. submitit answers the
first by requeueing the job and ending it at once, in the middle of an episode. Here that answer waits until the episode has
ended and a checkpoint is written.
"""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

SIGNALS = (signal.SIGUSR1, signal.SIGUSR2)


class PreemptionHandler:
    """Listens for the scheduler's signals. To be created in the main thread.

    Args:
        grace: seconds that the run may take to reach the end of an episode.

    """

    def __init__(self, grace: float):
        self._grace = grace
        self._requested_at: float | None = None
        self._signal = signal.SIGUSR2
        self.checkpoint_requested = False  # SIGTERM has come: save soon, and train on until killed
        self._handlers = {number: signal.signal(number, self._request) for number in SIGNALS}
        self._terminate = signal.getsignal(signal.SIGTERM)  # submitit's function, which only logs it; or a script's SIG_IGN
        self._warned = "SLURM_JOB_ID" in os.environ and (callable(self._terminate) or self._terminate is signal.SIG_IGN)
        if self._warned:
            signal.signal(signal.SIGTERM, self._request_checkpoint)

    def close(self) -> None:
        """Restore the signal handlers of before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._warned:
            signal.signal(signal.SIGTERM, self._terminate)

    def _request(self, number: int, frame: FrameType | None) -> None:
        self._requested_at = self._requested_at or time.monotonic()
        self._signal = signal.Signals(number)

    def _request_checkpoint(self, number: int, frame: FrameType | None) -> None:
        self.checkpoint_requested = True
        if callable(self._terminate):
            self._terminate(number, frame)

    @property
    def requested(self) -> bool:
        """Whether the scheduler wants the node back."""
        return self._requested_at is not None

    @property
    def grace_expired(self) -> bool:
        """Whether that was so long ago that the run must not wait for the end of its episode."""
        return self._requested_at is not None and time.monotonic() - self._requested_at > self._grace

    def requeue(self) -> None:
        """Put the job back into the queue and exit, as submitit would have done at once. Outside SLURM, do nothing."""
        handler = self._handlers[self._signal]
        if callable(handler):
            handler(self._signal, None)
        elif "SLURM_JOB_ID" in os.environ:
            subprocess.run(["scontrol", "requeue", os.environ["SLURM_JOB_ID"]], check=True)
            sys.exit(0)
