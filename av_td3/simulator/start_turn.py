"""Starts of CARLA servers on one machine, some seconds apart.

Servers that start at the same moment compete for the driver and the disk, and crash or time out (carla-simulator/carla issues
8369 and 9067).
"""

import os
import time

from filelock import FileLock, Timeout

from av_td3.machine.leases import lease_folder


def wait_for_turn(interval: float, patience: float) -> None:
    """Wait until ``interval`` seconds have passed since another process of this user had its turn on this machine.

    Args:
        interval: seconds.
        patience: seconds to wait at most, where many wait; then the turn is taken anyway.

    """
    folder = lease_folder("carla")
    last = folder / "last_start"
    try:
        with FileLock(folder / "start_turn.lock", patience, fallback_to_soft=False):
            if last.exists():
                since = time.time() - last.stat().st_mtime
                time.sleep(max(0.0, min(interval, interval - since)))
            last.touch()
            os.utime(last)
    except Timeout:
        return
