"""Whole runs that start a CARLA of their own."""

import os
import signal

import pytest

from av_td3.runs.episodes import read_episodes
from av_td3.runs.scalars import read_log
from tests.carla_stand_in.launch import servers, stand_in, starts
from tests.system.runs import SMALL, alive, children, descendants_with, gone, started, status, until

SHORT = (*SMALL, "network=small_cnn", "scenario=loop", "scenario.max_episode_steps=30", "evaluation.episodes=1")


def overrides(folder, *faults, steps=150):
    """Of a run in ``folder`` whose servers have these faults."""
    folder.mkdir(exist_ok=True)
    every = f"evaluation.every_steps={steps}"
    return (*SHORT, *stand_in(folder, *faults), f"total_steps={steps}", every)


def ports(folder):
    return [int(line.partition("-carla-rpc-port=")[2].split()[0]) for line in starts(folder)]


def test_a_server_that_dies_is_counted_where_people_look(tmp_path, bystander):
    state, folder = tmp_path / "state", tmp_path / "run"
    with started(folder, *overrides(state, {"kind": "dies_in_step", "tick": 130, "starts": [1]})) as process:
        assert process.wait(timeout=200) == 0
    assert (status(folder)["state"], status(folder)["simulator_restarts"]) == ("done", 1)
    assert read_log(folder / "tensorboard").scalars["perf/simulator_restarts"].values[-1] == 1.0
    assert (tmp_path / "output.txt").read_text().count("restarting the simulator") == 1
    assert "LowLevelFatalError" not in (folder / "simulator.log").read_text()
    assert len(starts(state)) == 2
    assert servers() == {bystander[0]}


def test_when_a_run_is_killed_its_server_ends_and_it_can_go_on(tmp_path, bystander):
    state, folder = tmp_path / "state", tmp_path / "run"
    wanted = overrides(state, steps=400)
    with started(folder, *wanted) as process:
        until(lambda: read_episodes(folder), "the first episode")
        family = children(process.pid)
        assert process.poll() is None
        process.kill()
        until(lambda: gone(family), "the end of its processes", seconds=10.0)
    assert servers() == {bystander[0]}
    with started(folder, *wanted) as process:
        assert process.wait(timeout=200) == 0
    assert status(folder)["state"] == "done"


def test_a_server_that_survives_even_its_keeper_is_ended_by_the_next_start_of_any_run(tmp_path, bystander):
    state, folder = tmp_path / "state", tmp_path / "run"
    with started(folder, *overrides(state, steps=50_000)) as process:
        until(lambda: read_episodes(folder), "the first episode")
        (keeper,) = descendants_with("av_td3.machine.keeper", process.pid)
        orphan = (servers() - {bystander[0]}).pop()
        os.kill(process.pid, signal.SIGSTOP)  # so that it cannot end its server before it is killed itself
        keeper.kill()
        process.kill()
        process.wait()
    assert alive(orphan)
    other = tmp_path / "other"
    other.mkdir()
    with started(other / "run", *overrides(tmp_path / "state2", steps=70)) as process:
        until(lambda: not alive(orphan), "the end of the orphan")
        assert process.wait(timeout=200) == 0
    assert servers() == {bystander[0]}


def test_two_runs_at_once_share_no_port_and_no_server(tmp_path, bystander):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    with (
        started(folders[0] / "run", *overrides(folders[0] / "state", steps=90)) as first,
        started(folders[1] / "run", *overrides(folders[1] / "state", steps=90)) as second,
    ):
        assert (first.wait(timeout=300), second.wait(timeout=300)) == (0, 0)
    (one,), (other,) = ports(folders[0] / "state"), ports(folders[1] / "state")
    assert abs(one - other) >= 4
    assert servers() == {bystander[0]}


def test_a_run_goes_on_with_the_environments_that_live(tmp_path, bystander):
    state, folder = tmp_path / "state", tmp_path / "run"
    broken = [{"kind": "dies_in_step", "tick": 30, "starts": [1]}, {"kind": "exits", "starts": list(range(3, 99))}]
    more = ("hardware.num_envs=2", "simulator.max_restarts=1")
    with started(folder, *overrides(state, *broken, steps=300), *more) as process:  # steps enough for all restarts meanwhile
        assert process.wait(timeout=200) == 0
    assert status(folder)["state"] == "done"
    assert (tmp_path / "output.txt").read_text().count("the run continues without this environment") == 1
    assert servers() == {bystander[0]}


def test_a_run_whose_server_never_starts_says_why_in_one_line(tmp_path, bystander):
    state, folder = tmp_path / "state", tmp_path / "run"
    with started(folder, *overrides(state, {"kind": "exits"}), "simulator.max_restarts=1") as process:
        assert process.wait(timeout=100) == 2
    last = (tmp_path / "output.txt").read_text().strip().splitlines()[-1]
    assert last.startswith(
        "error: gave up: the simulator was lost 2 times without a finished episode in between; last error: CARLA"
    )
    assert "Vulkan" in last
    assert status(folder)["state"] == "failed"
    assert servers() == {bystander[0]}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_stops_its_server(tmp_path, bystander, number):
    state, folder = tmp_path / "state", tmp_path / "run"
    with started(folder, *overrides(state, steps=50_000)) as process:
        until(lambda: read_episodes(folder), "the first episode")
        os.killpg(process.pid, number)
        assert process.wait(timeout=30) == 130
    until(lambda: servers() == {bystander[0]}, "the end of the server", seconds=5.0)
