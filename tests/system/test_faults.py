"""Runs that meet trouble, and what they leave behind."""

import os
import signal

import psutil
import pytest

from tests.system.runs import (
    SMALL,
    all_listening,
    children,
    episodes,
    gone,
    listening_ports,
    simulator_of,
    start,
    status,
    until,
)


def test_a_simulator_that_dies_and_one_that_hangs_cost_an_episode_each(tmp_path):
    folder = tmp_path / "run"
    process = start(folder, *SMALL, "total_steps=300", "evaluation.every_steps=1000")
    for lost, how in enumerate((signal.SIGKILL, signal.SIGSTOP)):
        known = len(episodes(folder))
        until(lambda known=known: len(episodes(folder)) > known, "another episode")
        simulator = until(lambda: simulator_of(process.pid), "a simulator")
        os.kill(simulator.pid, how)
        until(lambda lost=lost: sum(row["ending"] == "lost" for row in episodes(folder)) == lost + 1, "the lost episode")
    assert process.wait(timeout=120) == 0
    assert status(folder)["state"] == "done"
    assert sum(row["ending"] == "lost" for row in episodes(folder)) == 2
    output = (tmp_path / "output.txt").read_text()
    assert output.count("restarting the simulator") == 2
    assert "verdict" in output


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_however_a_run_ends_nothing_is_left(tmp_path, how, code):
    folder = tmp_path / "run"
    process = start(folder, *SMALL, "total_steps=100000")
    until(lambda: episodes(folder), "the first episode")
    family = children(process.pid)
    ports = listening_ports(family)
    assert len(family) == 2
    assert len(ports) >= 3  # RPC, streams, Traffic Manager
    os.killpg(process.pid, how)
    assert process.wait(timeout=20) == code
    until(lambda: gone(family), "the end of all processes", seconds=5.0)
    assert not ports & all_listening()
    if how is signal.SIGKILL:
        return
    assert status(folder)["state"] == "interrupted"
    assert "interrupted; what was written so far is kept" in (tmp_path / "output.txt").read_text()
    assert "Traceback" not in (tmp_path / "output.txt").read_text()


def test_a_run_that_fails_says_so_in_its_status(tmp_path):
    folder = tmp_path / "run"
    process = start(folder, *SMALL, "reward.terms.progress=tests.env.test_reward.not_a_number")
    os.environ.setdefault("PYTHONPATH", "")
    assert process.wait(timeout=60) == 1
    assert status(folder)["state"] == "failed"
    assert "reward term progress is nan" in status(folder)["error"]
    assert psutil.pid_exists(process.pid) is False or not psutil.Process(process.pid).children()
