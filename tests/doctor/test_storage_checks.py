import os
from pathlib import Path

import pytest

from av_td3.doctor import storage_checks
from av_td3.doctor.check import State
from av_td3.doctor.storage_checks import check_disk, check_folders, check_memory_left, check_quotas, check_scratch, existing

# As `quota --no-wrap --raw-grace` of quota-tools 4.06 prints it (its manual page describes the columns).
QUOTA = """Disk quotas for user alice (uid 1001):
     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace
      /dev/sda3   {used}   50000000   60000000   0  {files}   1000000   0   0
"""


def test_a_folder_that_is_still_to_be_made_can_be_written(tmp_path):
    found = list(check_disk(tmp_path / "outputs" / "first"))
    assert [check.name for check in found] == ["write permission", "disk"]
    assert {check.state for check in found} == {State.OK}
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_problem():
    (found,) = check_disk(Path("/proc/outputs"))  # also for root
    assert (found.state, found.name) == (State.PROBLEM, "write permission")


def test_a_path_below_a_file_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("")
    (found,) = check_disk(tmp_path / "file" / "outputs")
    assert found.state is State.PROBLEM


def test_little_space_and_few_files_are_warnings(tmp_path, monkeypatch):
    monkeypatch.setattr(storage_checks, "MIN_FREE", 1e18)
    monkeypatch.setattr(storage_checks, "MIN_FILES", 1 << 62)
    found = {check.name: check.state for check in check_disk(tmp_path)}
    assert found["disk"] is State.WARNING
    if os.statvfs(tmp_path).f_files:  # some file systems have no limit
        assert found["files"] is State.WARNING


def test_the_nearest_folder_that_exists(tmp_path):
    assert existing(tmp_path / "a" / "b") == tmp_path
    assert existing(Path("no_such_folder")) == Path.cwd()


@pytest.mark.parametrize(
    ("used", "files", "said"),
    [
        ("1000000", "500", None),
        ("52500000*", "500", "52.5 of 50.0 GB on /dev/sda3"),
        ("46000000", "500", "46.0 of 50.0 GB on /dev/sda3"),
        ("1000000", "950000", "950000 of 1000000 files on /dev/sda3"),
    ],
)
def test_a_quota_that_is_nearly_used_up_is_a_warning(install, used, files, said):
    install("quota", QUOTA.format(used=used, files=files))
    (found,) = check_quotas()
    assert found.state is (State.OK if said is None else State.WARNING)
    assert said is None or said in found.text
    assert "alice" not in found.text


def test_without_the_command_quotas_are_unknown(no_programs):
    (found,) = check_quotas()
    assert (found.state, found.text.split(":")[0]) == (State.OK, "unknown")


def test_home_must_be_a_folder_that_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [check.state for check in check_folders()] == [State.OK]
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    (found,) = check_folders()
    assert (found.state, found.name) == (State.PROBLEM, "home folder")


def test_memory_is_compared_with_what_the_run_needs(compose_config):
    (small,) = check_memory_left(compose_config("algorithm.buffer_size=5000"))
    (large,) = check_memory_left(compose_config("algorithm.buffer_size=1000000000"))
    assert (small.state, large.state) == (State.OK, State.WARNING)
    assert large.numbers["needed_memory_bytes"] > 7e12
    assert "replay.storage=disk" in large.remedy


def test_a_quota_command_that_hangs_is_a_warning(install, monkeypatch):
    monkeypatch.setattr(storage_checks, "QUOTA", ("/bin/sleep", "60"))
    monkeypatch.setattr(storage_checks, "QUOTA_TIMEOUT", 0.2)
    install("quota", "")
    (found,) = check_quotas()
    assert found.state is State.WARNING


@pytest.mark.parametrize(
    ("scratch", "state", "text"),
    [
        ("/tmp", State.OK, "GB are free at /tmp"),
        ("/proc", State.PROBLEM, "/proc: "),
        ("$NOT_SET_ANYWHERE", State.PROBLEM, "this environment variable is not set here"),
        ("local", State.PROBLEM, "must be an absolute path"),
    ],
)
def test_scratch_must_be_a_folder_that_can_be_written(scratch, state, text):
    (found,) = check_scratch(scratch)
    assert found.state is state
    assert text in found.text


def test_without_scratch_there_is_nothing_to_check():
    assert list(check_scratch(None)) == []
