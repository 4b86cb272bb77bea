import os
import time

import pytest

from av_td3.machine.program_output import program_output


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a shell script of a name into an otherwise empty PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


def test_output_is_what_the_program_prints(program):
    program("tool", 'echo "$1 in $PLACE"; echo error >&2')
    assert program_output(["tool", "here"], timeout=5.0, environment=os.environ | {"PLACE": "a room"}) == "here in a room\n"


def test_a_program_that_is_missing_fails_or_is_no_program_prints_nothing(program):
    program("fails", "echo something; exit 3")
    program("text", "").chmod(0o644)
    assert [program_output([name], timeout=5.0) for name in ("missing", "fails", "text")] == ["", "", ""]


def test_a_program_that_hangs_is_killed_with_its_children(program, tmp_path):
    program("hangs", f"trap '' TERM; /bin/sleep 60 & echo $! > {tmp_path}/child; echo something; wait")
    started = time.monotonic()
    assert program_output(["hangs"], timeout=0.5) == ""
    assert time.monotonic() - started < 5.0
    assert_dies(int((tmp_path / "child").read_text()))


def test_a_child_that_keeps_the_output_open_is_not_waited_for(program, tmp_path):
    program("leaves", f"/bin/sleep 60 & echo $! > {tmp_path}/child; echo done")
    started = time.monotonic()
    assert program_output(["leaves"], timeout=30.0) == "done\n"
    assert time.monotonic() - started < 5.0
    os.kill(int((tmp_path / "child").read_text()), 9)


def assert_dies(pid):
    """A killed process is gone, or a zombie until its new parent reads its exit status."""
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} still runs")
