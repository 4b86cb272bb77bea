"""A copy of an image file on the node's own disk, made once per node.

An image of CARLA has more than ten gigabytes. Read from the file system that all nodes share, it makes every start slow, and
the starts of a sweep's jobs make it slow for everybody.
"""

import logging
import os
import shutil
import threading
import time
from pathlib import Path

from filelock import FileLock, Timeout

from av_td3.machine.leases import make_private_folder
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable

log = logging.getLogger(__name__)
BLOCK = 1 << 26  # bytes copied at a time
POLL_INTERVAL = 0.5  # s between attempts to get the copy that another process makes


def local_image(image: Path, scratch: Path) -> Path:
    """Where the copy of an image is: its name has the image's size and time, so that another version is another file."""
    found = image.stat()
    return scratch / f"av_td3-images-{os.getuid()}" / f"{image.stem}-{found.st_size}-{found.st_mtime_ns}{image.suffix}"


def copy_image(image: Path, scratch: Path, cancelled: threading.Event) -> Path:
    """Copy an image unless it is there. Several processes of a node make one copy, for which the others wait.

    Args:
        image: a file.
        scratch: folder on the node's own disk.
        cancelled: ends the copy.

    Returns:
        Path of the copy, which stays for later runs.

    Raises:
        SimulatorUnavailable: the image cannot be read, or the copy not be written.
        SimulatorLost: cancelled.

    """
    try:
        copy = local_image(image, scratch)
        make_private_folder(copy.parent)  # what another user has put there would be run
        with FileLock(copy.with_suffix(".copying"), thread_local=False, fallback_to_soft=False).acquire(
            poll_interval=POLL_INTERVAL, cancel_check=cancelled.is_set
        ):
            if not copy.is_file() or copy.stat().st_size != image.stat().st_size:
                _copy(image, copy, cancelled)
    except Timeout:
        raise SimulatorLost("CARLA was stopped while its image was copied") from None
    except OSError as error:
        raise SimulatorUnavailable(
            f"hardware.scratch={scratch}: the image {image} cannot be copied there ({error.strerror or error}); use another "
            "folder, or null to run it from where it is"
        ) from error
    return copy


def _copy(image: Path, copy: Path, cancelled: threading.Event) -> None:
    size, began = image.stat().st_size, time.monotonic()
    if shutil.disk_usage(copy.parent).free < size:
        raise OSError(0, f"{size / 1e9:.3g} GB are needed, {shutil.disk_usage(copy.parent).free / 1e9:.3g} GB are free")
    log.info("copying %s to %s", image, copy)
    half = copy.with_suffix(".part")
    try:
        with image.open("rb") as source, half.open("wb") as target:
            while block := source.read(BLOCK):
                if cancelled.is_set():
                    raise SimulatorLost("CARLA was stopped while its image was copied")
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        if local_image(image, copy.parents[1]) != copy:
            raise OSError(0, "it has changed meanwhile")
        half.replace(copy)
    finally:
        half.unlink(missing_ok=True)
    log.info("copied %.3g GB in %.0f s", size / 1e9, time.monotonic() - began)
