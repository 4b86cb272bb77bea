"""A run with simulators on two nodes, whose networks are separate."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.carla_stand_in.launch import servers, stand_in
from tests.conftest import ROOT
from tests.slurm.network_lab import NetworkLab
from tests.slurm.sweeps import OURS, TINY, output, pids_in, submitted
from tests.system.runs import alive, status, until

TWO_NODES = ("hardware.slurm.nodes=2", "hardware.num_envs=2", "scenario.max_episode_steps=20")
BUILTIN = "av_td3.simulator.builtin"


@pytest.fixture(scope="module")
def lab():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    folder = Path(tempfile.mkdtemp(prefix="lab", dir="/tmp"))
    with NetworkLab(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


def network(process):
    """Identity of the network in which a process is."""
    with suppress(OSError):
        return os.stat(f"/proc/{process.pid}/ns/net").st_ino
    return None


def listening_addresses(process):
    """IPv4 addresses on which a process listens, which may be in another network."""
    own = {os.readlink(link) for link in Path(f"/proc/{process.pid}/fd").iterdir() if os.path.lexists(link)}
    rows = [line.split() for line in Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own]
    return {socket.inet_ntoa(bytes.fromhex(address)[::-1]) for address in listening}


def named(folder, word):
    """The Python processes of a run that have this word in their command line."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if word in process.cmdline() and process.environ().get("RUN_OF_TEST") == str(folder):
                found.append(process)
    return found


def test_each_node_runs_a_carla_and_one_that_dies_is_restarted_on_its_node(lab, tmp_path):
    folder, state = tmp_path / "sweep", tmp_path / "state"
    state.mkdir()
    first, second = lab.namespace("n1"), lab.namespace("n2")
    overrides = (*OURS, *TWO_NODES, *stand_in(state), "total_steps=400", "evaluation.every_steps=400", "seed=3")
    with submitted(lab, folder, *overrides) as launching:
        until(lambda: status(folder / "0")["step"] > 80 if (folder / "0" / "status.json").exists() else False, "steps", 90.0)
        assert sorted(map(network, servers())) == sorted([first, second]), "a server for each node"
        (victim,) = (server for server in servers() if network(server) == second)
        victim.send_signal(signal.SIGKILL)
        until(lambda: any(network(server) == second for server in servers() if server != victim), "a new one there", 60.0)
        assert launching.wait(timeout=150) == 0, output(folder)
    run = status(folder / "0")
    assert (run["state"], run["simulator_restarts"]) == ("done", 1)
    assert "simulator lost: the simulator's process ended" in (folder / "0" / "run.log").read_text()
    assert not servers()
    assert not pids_in(folder)


@pytest.fixture
def script(lab, tmp_path):
    """The script of a run with the built-in simulator on both nodes."""
    folder = tmp_path / "run"
    resources = ("hardware.slurm.cpus=1", "hardware.slurm.mem_gb=3", "hardware.slurm.timeout_min=30")
    words = (*TINY, *resources, *TWO_NODES, "total_steps=900", "evaluation.every_steps=900", f"hydra.run.dir={folder}")
    command = [sys.executable, "-m", "av_td3", "sbatch", *words]
    environment = lab.environment | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    path = tmp_path / "run.sh"
    path.write_text(done.stdout.replace("exec srun", f"export RUN_OF_TEST={folder} PYTHONPATH={ROOT}\nexec srun"))
    yield path
    lab.run("scancel", "--user=root", check=False)
    until(lambda: not lab.jobs(), "an empty queue", 40.0)


def until_it_steps(folder, more_than):
    until(lambda: (folder / "status.json").exists() and status(folder)["step"] > more_than, "steps", 90.0)


def test_a_preempted_run_on_two_nodes_resumes_on_both(lab, script, tmp_path):
    folder = tmp_path / "run"
    job = lab.run("sbatch", "--parsable", str(script)).stdout.strip()
    until_it_steps(folder, 200)
    simulators = named(folder, BUILTIN)
    assert sorted(map(network, simulators)) == sorted([lab.namespace("n1"), lab.namespace("n2")])
    addresses = set().union(*map(listening_addresses, simulators))
    assert addresses == {"127.0.0.1", lab.addresses[2]}, "only where the run needs it, others can reach a simulator"
    (tmp_path / "urgent.sh").write_text("#!/bin/bash\nsleep 1\n")
    lab.run("sbatch", "-p", "high", "-N2", "-o", "/dev/null", str(tmp_path / "urgent.sh"))
    until(lambda: status(folder)["state"] == "done" and job not in lab.jobs(), "the end of the run", 150.0)
    run = status(folder)
    assert (run["restarts"], run["simulator_restarts"]) == (1, 0), (folder / "launch.log").read_text()
    assert not named(folder, BUILTIN)


def test_a_killed_run_leaves_no_simulator_on_the_other_node(lab, script, tmp_path):
    folder = tmp_path / "run"
    lab.run("sbatch", str(script))
    until_it_steps(folder, 100)
    simulators = named(folder, BUILTIN)
    assert len(simulators) == 2
    (learner,) = (process for process in named(folder, "train") if process.name().startswith("python"))
    learner.send_signal(signal.SIGKILL)
    until(lambda: not any(map(alive, simulators)), "the end of both simulators", 20.0)
