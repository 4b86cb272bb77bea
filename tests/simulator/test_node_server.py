"""Simulators on other nodes, without SLURM: ``srun`` here starts the program on this machine. tests/slurm has two nodes."""

import os
import signal
import time

import psutil
import pytest

from av_td3.cluster import job_nodes as module
from av_td3.cluster.job_nodes import Node, job_nodes
from av_td3.config.errors import ConfigError
from av_td3.simulator import node_server as node_module
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.handshake import read_version
from av_td3.simulator.node_server import NODE_MODULE, NodeServer, step_command
from av_td3.simulator.placement import place, simulator_nodes
from tests.carla_stand_in.launch import stand_in
from tests.system.runs import descendants_with, until

NODE = Node("n2", "127.0.0.1")
SRUN = """#!/bin/bash
echo "Welcome to node n2"
while [[ $1 == --* ]]; do shift; done
exec "$@"
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a program of this name first on the search path."""

    def install(name, text):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")

    return install


@pytest.fixture
def node_server(compose_config, tmp_path):
    made = []

    def make(*overrides, node=NODE):
        server = NodeServer(compose_config(*overrides).simulator, node, tmp_path / "simulator.log")
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


def test_the_command_is_a_step_of_the_job_that_signals_to_the_job_do_not_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = step_command("n2", ["python", "-m", "program"], {"SLURM_CPUS_PER_TASK": "8"})
    assert command == [
        *("srun", "--overlap", "--nodes=1", "--ntasks=1", "--nodelist=n2", "--cpus-per-task=8"),
        "--cpu-bind=none",
        *("--export=ALL", "--unbuffered", f"--chdir={tmp_path}"),
        *("bash", "-c", 'trap "" USR1 USR2 TERM; exec "$@"', "bash", "python", "-m", "program"),
    ]
    assert "--cpus-per-task=1" in step_command("n2", [], {})


def test_the_simulator_runs_until_the_server_is_stopped_and_starts_again(program, node_server):
    program("srun", SRUN)
    server = node_server()
    assert not server.alive()
    for _ in range(2):
        address = server.start()
        assert address.host == NODE.address
        assert read_version(*address, 5.0) == "0.9.16"
        assert server.alive()
        assert not server.is_due_for_restart(10**6)
        server.stop()
        assert not server.alive()
        with pytest.raises(ConnectionRefusedError):
            read_version(*address, 1.0)


def test_the_simulator_is_due_for_a_restart_where_the_node_says_so(program, node_server, tmp_path):
    program("srun", SRUN)
    server = node_server(*stand_in(tmp_path), "simulator.max_episodes=3")
    server.start()
    assert [server.is_due_for_restart(episodes) for episodes in (2, 3)] == [False, True]


def test_the_step_ends_with_its_simulator(program, node_server):
    program("srun", SRUN)
    server = node_server()
    server.start()
    (simulator,) = (child for step in descendants_with(NODE_MODULE) for child in step.children())
    simulator.send_signal(signal.SIGKILL)
    until(lambda: not server.alive(), "the end of the step", 10.0)


def test_signals_that_slurm_sends_to_all_steps_do_not_end_the_simulator(program, node_server):
    program("srun", SRUN)
    server = node_server()
    address = server.start()
    for child in psutil.Process().children():
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM):
            child.send_signal(number)
    time.sleep(0.5)
    assert read_version(*address, 5.0) == "0.9.16"


def test_a_start_that_takes_longer_than_an_answer_may_is_waited_for(program, node_server, tmp_path, monkeypatch):
    program("srun", SRUN)
    monkeypatch.setattr(node_module, "SILENCE", 6.5)  # the program speaks every 5 s
    server = node_server(*stand_in(tmp_path, {"kind": "starts_late", "seconds": 8.0}))
    assert server.start().host == NODE.address


def test_a_server_that_does_not_answer_is_due_for_a_restart(program, node_server, monkeypatch):
    program("srun", SRUN)
    server = node_server()
    server.start()
    assert not server.is_due_for_restart(1)
    for child in descendants_with(NODE_MODULE):
        child.suspend()
        until(lambda child=child: child.status() == psutil.STATUS_STOPPED, "the stop")  # on a busy machine, not at once
    monkeypatch.setattr(node_module, "ANSWER_TIMEOUT", 0.5)
    monkeypatch.setattr(node_module, "STOP_GRACE", 0.5)
    assert server.is_due_for_restart(2)


def test_a_step_that_slurm_refuses_is_a_lost_simulator(program, node_server, tmp_path):
    program("srun", "#!/bin/bash\necho 'srun: error: Unable to create step: Job has expired' >&2\nexit 1\n")
    with pytest.raises(SimulatorLost, match=rf"node n2: the simulator was not started; see {tmp_path / 'simulator.log'}"):
        node_server().start()
    assert "Job has expired" in (tmp_path / "simulator.log").read_text()


def test_a_simulator_that_cannot_start_there_ends_the_attempts(program, node_server):
    program("srun", SRUN)
    server = node_server(node=Node("n2", "198.51.100.1"))  # which this machine is not
    with pytest.raises(SimulatorUnavailable, match=r"node n2: simulator.host=198.51.100.1: cannot listen there"):
        server.start()


@pytest.fixture
def in_a_job(program, monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.0)
    module._nodes.cache_clear()
    monkeypatch.setenv("SLURM_JOB_NODELIST", "n[1-3]")
    monkeypatch.setenv("SLURMD_NODENAME", "n2")
    lines = "".join(f"NodeName=n{i} Arch=x86_64 NodeAddr=10.0.0.{i} NodeHostName=n{i} Port=0\\n" for i in (1, 2, 3))
    program("scontrol", f"#!/bin/bash\n[[ $* == '--oneliner show node n[1-3]' ]] && printf '{lines}'\n")


def test_the_nodes_of_a_job_begin_with_this_one(in_a_job):
    assert job_nodes() == [Node("n2", "10.0.0.2"), Node("n1", "10.0.0.1"), Node("n3", "10.0.0.3")]
    assert simulator_nodes(2) == [Node("n2", "10.0.0.2"), Node("n1", "10.0.0.1")]
    assert simulator_nodes(1) == []


def test_a_job_with_fewer_nodes_is_refused(in_a_job):
    with pytest.raises(ConfigError, match=r"hardware.slurm.nodes=4: this job has 3 \(SLURM_JOB_NODELIST\)"):
        simulator_nodes(4)


def test_outside_a_job_all_simulators_run_on_this_machine(monkeypatch, compose_config):
    monkeypatch.delenv("SLURM_JOB_NODELIST", raising=False)
    assert simulator_nodes(2) == []
    simulator, node = place(compose_config("simulator.port=2000").simulator, [], 1)
    assert (simulator.port, node) == (2004, None)


def test_a_controller_that_does_not_answer_is_named(in_a_job, program, monkeypatch):
    program("scontrol", "#!/bin/bash\necho 'Unable to contact slurm controller' >&2; exit 1\n")
    with pytest.raises(ConfigError, match=r"the nodes of this job are not known .*Unable to contact slurm controller"):
        simulator_nodes(2)
    monkeypatch.setattr(module, "TIMEOUT", 0.1)
    program("scontrol", "#!/bin/bash\nexec sleep 5\n")
    with pytest.raises(OSError, match=r"no answer within 0.1 s"):
        job_nodes()


def test_a_busy_controller_is_asked_again(in_a_job, program, tmp_path):
    line = "NodeName=n2 Arch=x86_64 NodeAddr=localhost NodeHostName=n2"
    asked = tmp_path / "asked"
    program("scontrol", f"#!/bin/bash\n[ -e {asked} ] && echo '{line}' || {{ touch {asked}; exit 1; }}\n")
    assert job_nodes() == [Node("n2", "127.0.0.1")]


def test_a_shell_that_is_not_on_a_node_of_its_job_is_refused(in_a_job, monkeypatch):
    monkeypatch.delenv("SLURMD_NODENAME")  # as salloc gives on many sites
    with pytest.raises(ConfigError, match="this process is not on a node of its job: start it with srun"):
        simulator_nodes(2)


def test_environments_take_turns_on_the_nodes_and_ports_are_counted_on_each(compose_config):
    nodes = [Node("n1", ""), Node("n2", "")]
    simulator = compose_config("simulator.port=2000").simulator
    placed = [place(simulator, nodes, env_index) for env_index in range(4)]
    assert [each.port for each, _ in placed] == [2000, 2000, 2004, 2004]
    assert [node for _, node in placed] == [None, nodes[1], None, nodes[1]]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["hardware.slurm.nodes=2"], "each node runs the simulator of an environment, and hardware.num_envs=1"),
        (["hardware.slurm.nodes=2", "hardware.num_envs=2", "simulator=carla"], "this simulator is started by others"),
    ],
)
def test_nodes_without_a_simulator_of_the_run_are_refused(compose_config, overrides, message):
    with pytest.raises(ConfigError, match=message):
        compose_config(*overrides)


def test_without_srun_there_is_no_other_node(node_server, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SimulatorUnavailable, match="node n2: srun cannot be run: No such file or directory"):
        node_server().start()
