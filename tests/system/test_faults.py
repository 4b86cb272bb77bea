"""Runs with faults, and their files."""

import os
import re
import signal

import pytest

from av_td3.runs.episodes import read_episodes
from av_td3.runs.live import read_frame, touch_watched
from av_td3.runs.scalars import read_log
from tests.system.runs import (
    SMALL,
    all_listening,
    children,
    gone,
    listening_ports,
    simulator_of,
    started,
    status,
    until,
)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_simulator_that_dies_or_hangs_costs_one_episode_and_the_run_finishes(tmp_path, how):
    folder = tmp_path / "run"
    # Updates take so long that an episode of which two steps are seen lasts for more than a second.
    slow = ("algorithm.batch_size=96", "algorithm.learning_starts=60", "total_steps=200", "evaluation.every_steps=1000")
    with started(folder, *SMALL, *slow) as process:
        until(lambda: is_under_way(folder), "an episode with updates", pause=0.02)
        os.kill(simulator_of(process.pid).pid, how)
        assert process.wait(timeout=200) == 0
    assert (status(folder)["state"], status(folder)["step"]) == ("done", 200)
    assert len(lost_episodes(folder)) == 1
    output = (tmp_path / "output.txt").read_text()
    assert output.count("restarting the simulator") == 1
    assert (folder / "run.log").read_text().count("simulator lost") == 1
    assert "verdict" in output


def is_under_way(folder):
    """Whether an episode has just begun, as those see who watch the run."""
    if not read_episodes(folder):
        return False
    touch_watched(folder)
    frame = read_frame(folder, 0)
    return frame is not None and frame.step > 65 and frame.ending is None and 2 <= frame.episode_step <= 6


def lost_episodes(folder):
    return [row for row in read_episodes(folder) if row.ending == "lost"]


def three_or_more(ports):
    return ports if len(ports) >= 3 else None


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_however_a_run_ends_nothing_is_left(tmp_path, how, code):
    folder = tmp_path / "run"
    with started(folder, *SMALL, "total_steps=50000") as process:
        until(lambda: read_episodes(folder), "the first episode")
        family = children(process.pid)
        assert len(family) == 2
        ports = until(lambda: three_or_more(listening_ports(family)), "RPC, streams and Traffic Manager")
        os.killpg(process.pid, how)
        assert process.wait(timeout=20) == code
        until(lambda: gone(family), "the end of all processes", seconds=5.0)
    assert not ports & all_listening()
    output = (tmp_path / "output.txt").read_text()
    assert "Traceback" not in output
    if how is not signal.SIGKILL:
        assert status(folder)["state"] == "interrupted"
        assert re.search(r"error: interrupted at step \d+; .*resume=\S*/run (resumes|starts) the run", output)


def test_a_run_that_fails_says_so_in_its_status(tmp_path):
    folder = tmp_path / "run"
    with started(folder, *SMALL, "reward.terms.progress._target_=tests.env.terms.NonFinite") as process:
        family = until(lambda: children(process.pid), "its processes")
        assert process.wait(timeout=60) == 1
        until(lambda: gone(family), "the end of all processes", seconds=5.0)
    assert status(folder)["state"] == "failed"
    assert "reward term progress is nan" in status(folder)["error"]


def own_term(name):
    return f"+reward.terms.own={{_target_:tests.env.terms.{name},weight:1.0}}"


def skipped(folder):
    return [row for row in read_episodes(folder) if row.ending == "skipped"]


def test_episodes_that_fail_are_skipped_and_the_run_finishes(tmp_path):
    folder = tmp_path / "run"
    short = ("scenario=loop", "scenario.max_episode_steps=20", "total_steps=120", "evaluation.every_steps=60")
    short = (*short, "network=small_cnn", "evaluation.episodes=2", "seed=64")
    with started(folder, *SMALL, *short, own_term("FailingAtSomeStarts")) as process:
        assert process.wait(timeout=200) == 0
    assert (status(folder)["state"], status(folder)["step"]) == ("done", 120)
    output = (tmp_path / "output.txt").read_text()
    assert len(skipped(folder)) == output.count(" skipped at step ") >= 3  # but never three in a row
    numbers = [row.episode for row in read_episodes(folder)]
    assert numbers == list(range(len(numbers)))  # none is tried twice
    assert "no such reward" in output
    assert "simulator lost" not in (folder / "run.log").read_text()
    failed = read_log(folder / "tensorboard").scalars["eval/failed_episodes"]
    assert len(failed.values) >= 2
    assert output.count("left out: ZeroDivisionError") == sum(failed.values) > 0


@pytest.mark.parametrize("environments", [1, 2])
def test_a_run_ends_when_three_episodes_of_an_environment_fail_alike(tmp_path, environments):
    folder = tmp_path / "run"
    with started(folder, *SMALL, own_term("Failing"), f"hardware.num_envs={environments}") as process:
        family = until(lambda: children(process.pid), "its processes")
        assert process.wait(timeout=120) == 1
        until(lambda: gone(family), "the end of all processes", seconds=5.0)
    assert 3 <= len(skipped(folder)) <= 1 + 2 * environments
    assert (status(folder)["state"], status(folder)["step"]) == ("failed", 0)
    last = (tmp_path / "output.txt").read_text().strip().splitlines()[-1]
    assert last.startswith(
        "error: gave up: 3 episodes in a row failed alike; the last one: ZeroDivisionError: no such reward (at "
    )
    assert "episode seed" in last
