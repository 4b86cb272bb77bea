"""Starts of CARLA servers on one machine, some seconds apart.

Servers that start at the same moment compete for the driver and the disk, and crash or time out (carla-simulator/carla issues
8369 and 9067).
"""

import os
import threading
import time

from filelock import FileLock, Timeout

from av_td3.machine.leases import lease_folder

POLL_INTERVAL = 0.1  # s between attempts to get the turn


def wait_for_turn(interval: float, patience: float, cancelled: threading.Event) -> None:
    """Wait until ``interval`` seconds have passed since another process of this user had its turn on this machine.

    Args:
        interval: seconds.
        patience: seconds to wait at most, where many wait; then the turn is taken anyway.
        cancelled: ends the wait, without a turn.

    """
    folder = lease_folder("carla")
    last, lock = folder / "last_start", FileLock(folder / "start_turn.lock", thread_local=False, fallback_to_soft=False)
    try:
        with lock.acquire(timeout=patience, poll_interval=POLL_INTERVAL, cancel_check=cancelled.is_set):
            if last.exists():
                since = time.time() - last.stat().st_mtime
                cancelled.wait(max(0.0, min(interval, interval - since)))
            if not cancelled.is_set():
                last.touch()
                os.utime(last)
    except Timeout:
        return
