"""A sweep whose jobs start a CARLA of their own, submitted and left."""

import time
from contextlib import suppress

import psutil
import pytest

from tests.carla_stand_in.launch import servers, stand_in, starts
from tests.slurm.sweeps import output, pids_in, submitted
from tests.slurm.test_detached import DETACHED, tool
from tests.system.runs import status, until

JOBS = [str(number) for number in range(6)]
SHORT = ("total_steps=300", "evaluation.every_steps=300", "evaluation.episodes=1", "scenario.max_episode_steps=30")
PATIENT = "simulator.timeout=5.0"  # two runs and their servers share two cores


def ports(state):
    """The RPC ports of the servers that run now and count their starts in this folder."""
    found = []
    for server in servers():
        with suppress(psutil.Error):
            if server.environ().get("STAND_IN_STATE") == str(state):
                words = [word for word in server.cmdline() if word.startswith("-carla-rpc-port=")]
                found += [int(word.partition("=")[2]) for word in words]
    return found


@pytest.mark.timeout(400)
def test_six_jobs_end_although_one_is_preempted_and_the_server_of_one_dies(lab, tmp_path):
    folder, state = tmp_path / "sweep", tmp_path / "state"
    state.mkdir()
    dying = {"kind": "dies_in_step", "tick": 60, "starts": [5]}  # of a job that was not preempted, or has come back
    seeds = f"seed={','.join(JOBS)}"
    with submitted(lab, folder, *DETACHED, *SHORT, *stand_in(state, dying), PATIENT, seeds) as launching:
        assert launching.wait(timeout=60) == 0, output(folder)
        until(lambda: any(status(folder / job)["step"] > 150 for job in JOBS), "a job at work", 90.0)
        (tmp_path / "urgent.sh").write_text("#!/bin/bash\nsleep 1\n")
        lab.run("sbatch", "-p", "high", "-N1", "-o", "/dev/null", str(tmp_path / "urgent.sh"))
        at_once = 0
        deadline = time.monotonic() + 250.0
        while lab.jobs() and time.monotonic() < deadline:
            used = ports(state)
            assert len(used) == len(set(used)), "a port has been used twice"
            at_once = max(at_once, len(used))
            time.sleep(0.3)
        code, said = tool(lab, folder, "--watch")
        assert (code, "6 runs: 6 done" in said) == (0, True), said
    assert at_once == 2
    found = [status(folder / job) for job in JOBS]
    assert sum(each["restarts"] for each in found) == 1  # the preempted one
    logs = "".join((folder / job / "run.log").read_text() for job in JOBS)
    assert logs.count("simulator lost: the simulator's process ended") == 1
    assert len(starts(state)) == 7 + logs.count("simulator lost")  # a call can also time out where six jobs share two cores
    assert (ports(state), pids_in(folder)) == ([], [])
