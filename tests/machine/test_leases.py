import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from av_td3.machine import leases
from av_td3.machine.leases import lease_folder

NAME = f"av_td3-things-{os.getuid()}"


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Two shared places that stand for /tmp and /dev/shm, and no other."""
    found = [tmp_path / "first", tmp_path / "second"]
    for place in found:
        place.mkdir()
    monkeypatch.setattr(leases, "SHARED_PLACES", tuple(map(str, found)))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("TMPDIR", raising=False)
    return found


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_the_folder_is_private_whatever_the_umask(places, umask):
    before = os.umask(umask)
    try:
        folder = lease_folder("things")
    finally:
        os.umask(before)
    assert folder == places[0] / NAME
    assert mode(folder) == 0o700
    assert lease_folder("things") == folder


def test_a_folder_that_others_could_write_to_is_closed_to_them(places):
    (places[0] / NAME).mkdir()
    (places[0] / NAME).chmod(0o777)
    assert mode(lease_folder("things")) == 0o700


def test_processes_with_a_temporary_folder_each_share_it(tmp_path):
    found = set()
    for job in ("1", "2"):
        (tmp_path / job).mkdir()
        code = "from av_td3.machine.leases import lease_folder; print(lease_folder('unit-test'))"
        environment = os.environ | {"TMPDIR": str(tmp_path / job)}
        found.add(subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).strip())
    assert len(found) == 1
    Path(found.pop()).rmdir()


def occupy_with_file(place):
    (place / NAME).write_text("somebody's")


def occupy_with_link(place):
    (place / "elsewhere").mkdir(mode=0o755)
    (place / NAME).symlink_to(place / "elsewhere")


def occupy_with_dangling_link(place):
    (place / NAME).symlink_to(place / "nowhere")


def take_away(place):
    place.rmdir()


@pytest.mark.parametrize("occupy", [occupy_with_file, occupy_with_link, occupy_with_dangling_link, take_away])
def test_a_place_that_is_taken_is_passed_over_and_left_as_it_is(places, occupy):
    occupy(places[0])
    before = sorted(path.lstat() for path in places[0].rglob("*"))
    assert lease_folder("things") == places[1] / NAME
    assert sorted(path.lstat() for path in places[0].rglob("*")) == before


def test_a_folder_of_another_user_is_passed_over(places, monkeypatch):
    other = os.getuid() + 1
    for place in places:
        (place / f"av_td3-things-{other}").mkdir()
    monkeypatch.setattr("os.getuid", lambda: other)  # to this user, the folders belong to somebody else
    with pytest.raises(OSError, match=r"first/.* \(belongs to another user\), .*second/.* \(belongs to another user\)"):
        lease_folder("things")
    (places[1] / f"av_td3-things-{other}").rmdir()
    assert lease_folder("things").parent == places[1]


def test_where_no_place_is_safe_each_is_named_in_one_line(places):
    for place in places:
        occupy_with_file(place)
    with pytest.raises(OSError, match=r"no folder for leases of things: .*first/.* \(not a folder\), .*second/") as error:
        lease_folder("things")
    assert "\n" not in str(error.value)


def test_the_users_own_folders_come_after_the_shared_ones(places, tmp_path, monkeypatch):
    for place in places:
        occupy_with_file(place)
    (tmp_path / "runtime").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    assert lease_folder("things") == tmp_path / "runtime" / NAME
