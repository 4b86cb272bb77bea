"""Servers whose run was killed. A script stands in for each."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from av_td3.simulator.server_record import TOKEN, ServerRecord, end_orphans


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """No records but those of the test."""
    (tmp_path / "leases").mkdir(mode=0o700)
    monkeypatch.setattr("av_td3.simulator.server_record.lease_folder", lambda kind: tmp_path / "leases")


def records(tmp_path):
    return sorted(path.name for path in (tmp_path / "leases").iterdir())


def server(token):
    return subprocess.Popen(["sleep", "100"], env=os.environ | {TOKEN: token})


def killed_record(tmp_path, remove=()):
    """The record of a run that was killed: a child writes it and dies without closing it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        record = ServerRecord()
        record.write(list(remove))
        os.write(writing, record.token.encode())
        os._exit(9)
    os.waitpid(child, 0)
    return os.read(reading, 100).decode()


def test_a_server_of_a_killed_run_is_ended_and_no_other(tmp_path):
    orphan, stranger = server(killed_record(tmp_path)), server("another")
    assert end_orphans() == 1
    orphan.wait(timeout=5.0)
    assert stranger.poll() is None
    assert records(tmp_path) == []
    stranger.kill()
    stranger.wait()


def test_a_server_of_a_run_that_lives_is_left_alone(tmp_path):
    record = ServerRecord()
    mine = server(record.token)
    assert end_orphans() == 0
    assert mine.poll() is None
    mine.kill()
    mine.wait()
    record.close()
    assert records(tmp_path) == []


def test_the_container_of_a_killed_run_is_removed(tmp_path):
    killed_record(tmp_path, ["touch", str(tmp_path / "removed")])
    assert end_orphans() == 1
    assert (tmp_path / "removed").exists()
    assert end_orphans() == 0


def test_a_record_from_another_process_namespace_is_left_alone(tmp_path):
    """A container that shares /tmp has processes of its own, which cannot be told from ours by their number."""
    token = killed_record(tmp_path)
    path = tmp_path / "leases" / f"{token}.json"
    path.write_text(json.dumps({"remove": [], "processes": f"{boot_id()} 1"}))
    foreign = server(token)
    assert end_orphans() == 0
    assert foreign.poll() is None
    assert path.exists()
    foreign.kill()
    foreign.wait()


def boot_id():
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_record_from_before_the_machine_was_started_again_is_deleted(tmp_path):
    token = killed_record(tmp_path)
    (tmp_path / "leases" / f"{token}.json").write_text(json.dumps({"remove": [], "processes": "another-start 1"}))
    assert end_orphans() == 0
    assert records(tmp_path) == []


def test_closing_ends_what_the_keeper_has_missed(tmp_path):
    record = ServerRecord()
    missed = server(record.token)
    record.close()
    missed.wait(timeout=5.0)


def test_a_record_that_was_not_written_to_its_end_still_ends_the_server(tmp_path):
    token = killed_record(tmp_path)
    (tmp_path / "leases" / f"{token}.json").write_text("{")
    orphan = server(token)
    assert end_orphans() == 1
    orphan.wait(timeout=5.0)


def test_a_container_that_cannot_be_removed_is_left_to_a_later_start(tmp_path):
    switch = tmp_path / "switch"
    record = ServerRecord()
    record.write(["test", "-e", str(switch)])
    record.close()
    assert len(records(tmp_path)) == 2
    assert end_orphans() == 0
    switch.touch()
    assert end_orphans() == 1
    assert records(tmp_path) == []
