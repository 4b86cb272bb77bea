import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from av_td3.simulator import image_copy
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.image_copy import copy_image, local_image
from tests.conftest import ROOT

GOES_ON = threading.Event()


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "shared" / "carla.sif"
    path.parent.mkdir()
    path.write_bytes(os.urandom(100_000))
    (tmp_path / "node").mkdir()
    return path


class Full:
    free = 0


def inode(path):
    return path.stat().st_ino


def test_an_image_is_copied_once(image, tmp_path):
    copy = copy_image(image, tmp_path / "node", GOES_ON)
    assert copy == local_image(image, tmp_path / "node")
    assert copy.read_bytes() == image.read_bytes()
    before = inode(copy)
    assert copy_image(image, tmp_path / "node", GOES_ON) == copy
    assert inode(copy) == before


def test_another_version_of_the_image_is_another_copy(image, tmp_path):
    first = copy_image(image, tmp_path / "node", GOES_ON)
    image.write_bytes(b"newer")
    second = copy_image(image, tmp_path / "node", GOES_ON)
    assert (first.stat().st_size, second.read_bytes()) == (100_000, b"newer")


def test_jobs_that_start_at_once_on_a_node_make_one_copy(image, tmp_path, monkeypatch):
    copied = []
    monkeypatch.setattr(image_copy, "POLL_INTERVAL", 0.01)
    monkeypatch.setattr(image_copy.log, "info", lambda text, *_: copied.append(text) if text.startswith("copying") else None)
    with ThreadPoolExecutor(4) as jobs:
        copies = set(jobs.map(lambda _: copy_image(image, tmp_path / "node", GOES_ON), range(4)))
    assert (len(copies), len(copied)) == (1, 1)


def test_a_copy_that_was_killed_is_made_again(image, tmp_path):
    script = (
        "import os, sys, threading; from pathlib import Path; from av_td3.simulator import image_copy as m; m.BLOCK = 1000;"
        "m.shutil.disk_usage = lambda _: type('U', (), {'free': 1e9});"
        "event = type('E', (), {'is_set': lambda self, n=[]: n.append(1) or (len(n) > 20 and os.kill(os.getpid(), 9))});"
        "m.copy_image(Path(sys.argv[1]), Path(sys.argv[2]), event())"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(image), str(tmp_path / "node")], cwd=ROOT, timeout=60)
    assert killed.returncode == -9
    assert list(local_image(image, tmp_path / "node").parent.glob("*.part"))
    assert copy_image(image, tmp_path / "node", GOES_ON).read_bytes() == image.read_bytes()


def test_a_start_that_is_given_up_ends_the_copy(image, tmp_path):
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(SimulatorLost, match="stopped while its image was copied"):
        copy_image(image, tmp_path / "node", cancelled)
    assert not local_image(image, tmp_path / "node").exists()


def test_a_disk_without_room_is_named_before_the_copy(image, tmp_path, monkeypatch):
    monkeypatch.setattr(image_copy.shutil, "disk_usage", lambda _: Full)
    with pytest.raises(SimulatorUnavailable, match=r"hardware\.scratch=.*0\.0001 GB are needed, 0 GB are free\); use another"):
        copy_image(image, tmp_path / "node", GOES_ON)


def test_a_copy_that_lacks_bytes_is_made_again(image, tmp_path):
    copy = copy_image(image, tmp_path / "node", GOES_ON)
    os.truncate(copy, 0)  # after a power failure
    assert copy_image(image, tmp_path / "node", GOES_ON).read_bytes() == image.read_bytes()


def test_a_folder_that_another_user_has_prepared_is_not_used(image, tmp_path):
    folder = local_image(image, tmp_path / "node").parent
    folder.symlink_to(tmp_path)
    with pytest.raises(SimulatorUnavailable, match="not a folder"):
        copy_image(image, tmp_path / "node", GOES_ON)


def test_an_image_that_changes_while_it_is_copied_is_not_used(image, tmp_path):
    class Changing(threading.Event):
        def is_set(self):
            if image.stat().st_size == 100_000:
                with image.open("ab") as file:
                    file.write(b"more")
            return False

    with pytest.raises(SimulatorUnavailable, match="it has changed meanwhile"):
        copy_image(image, tmp_path / "node", Changing())
    assert not list((tmp_path / "node").rglob("*.sif"))


def test_what_cannot_be_written_is_named(image):
    with pytest.raises(SimulatorUnavailable, match=r"hardware\.scratch=/proc: the image .*carla\.sif cannot be copied there"):
        copy_image(image, type(image)("/proc"), GOES_ON)
