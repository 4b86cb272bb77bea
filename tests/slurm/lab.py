"""A SLURM of our own on one machine: controller, two virtual nodes, loopback only, everything in one folder.

Made for Debian's slurm-wlm 22.05. Facts it relies on: requeued jobs wait ``cred_expire`` seconds, and 5 is the least; time
limits are looked at every 30 s.
"""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

CONTROLLER, NODES = "controller", ("n1", "n2")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
CONF = """
ClusterName=lab
SlurmctldHost={host}({addresses[0]})
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
{communication}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
PropagateResourceLimits=NONE
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=10
MailProg=/bin/true
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=1000
KillWait=5
MinJobAge=1800
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/ended.log
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
JobRequeue=1
NodeName={first} NodeHostname={host} NodeAddr={addresses[1]} Port={port_1} CPUs=1 RealMemory=8000 State=UNKNOWN
NodeName={second} NodeHostname={host} NodeAddr={addresses[2]} Port={port_2} CPUs=1 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=10 PriorityTier=1 GraceTime=60 State=UP
PartitionName=high Nodes=ALL MaxTime=INFINITE DefaultTime=10 PriorityTier=10 PreemptMode=OFF State=UP
"""
# submitit asks sacct for states. Without an accounting database it reads the log of ended jobs, and squeue for the others.
SACCT = """#!{python}
import re, subprocess, sys
arguments, states = sys.argv[1:], dict()
asked = [value for option, value in zip(arguments, arguments[1:]) if option == "-j"]
for line in open("{folder}/ended.log"):
    job = dict(re.findall(r"(\\w+)=(\\S*)", line))
    name = job["ArrayJobId"] + "_" + job["ArrayTaskId"] if "ArrayTaskId" in job else job["JobId"]
    states[name] = job["JobState"]
command = ["squeue", "-h", "-r", "-t", "all", "-j", ",".join(asked), "-o", "%i %T"]
for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines():
    name, state = line.split()
    states[name] = state
for array in asked:  # of an element that was cancelled before it began nobody knows any more
    numbers = [int(name.partition("_")[2]) for name in states if name.startswith(array + "_")]
    for number in range(max(numbers, default=0)):
        states.setdefault(array + "_" + str(number), "CANCELLED")
print("JobID|State|NodeList")
for name, state in states.items():
    if name.partition("_")[0] in asked:
        print(name + "|" + state + "|")
"""


class Lab:
    """Starts on entry, and leaves no process on exit."""

    addresses = ("127.0.0.1",) * 3  # of the controller and the nodes
    communication = "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny"

    def __init__(self, folder: Path):
        self.folder = folder  # short: paths of sockets have at most 108 characters
        self.environment = os.environ | {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
        }
        self._begun: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Lab":
        missing = [program for program in PROGRAMS if shutil.which(program, path=self.environment["PATH"]) is None]
        if missing:
            raise RuntimeError(f"{', '.join(missing)}: not installed; `make test-slurm` installs what these tests need")
        self._write()
        try:
            munge = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
            options = [f"--{option}={self.folder}/munge/{name}" for option, name in munge.items()]
            self._daemon("munged", "--foreground", *options)
            self._until("munge", f"--socket={self.folder}/munge/socket", "-n")
            self._daemon("slurmctld", "-D")
            self._until("scontrol", "ping")
            for node in NODES:
                self.start_node(node)
            self.until_nodes_are_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.run("scancel", "--full", "--signal=KILL", f"--user={psutil.Process().username()}", check=False)
        family = [child for process in self._begun if psutil.pid_exists(process.pid) for child in _family(process.pid)]
        for process in self._begun:
            process.kill()
            process.wait()
        for child in family:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def _write(self) -> None:
        self.folder.chmod(0o755)  # munge wants its socket to be within everybody's reach
        for name in ("munge", "state", "bin", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "munge" / "key").write_bytes(os.urandom(128))
        (self.folder / "munge" / "key").chmod(stat.S_IRUSR)
        host = socket.gethostname().partition(".")[0]
        controller, port_1, port_2 = _free_ports(3)
        ports = {"controller": controller, "port_1": port_1, "port_2": port_2}
        names = {"host": host, "user": psutil.Process().username(), "first": NODES[0], "second": NODES[1]}
        network = {"addresses": self.addresses, "communication": self.communication}
        content = CONF.format(folder=self.folder, **ports, **names, **network)
        (self.folder / "slurm.conf").write_text(content)
        (self.folder / "bin" / "sacct").write_text(SACCT.format(python=sys.executable, folder=self.folder))
        (self.folder / "bin" / "sacct").chmod(0o755)
        (self.folder / "ended.log").touch()

    def at(self, place: str) -> list[str]:
        """The words before a command that is to run at the controller or a node."""
        return []

    def _daemon(self, *command: str, place: str = CONTROLLER) -> "subprocess.Popen[bytes]":
        words = [*self.at(place), *command]
        with (self.folder / f"{command[0]}.out").open("ab") as output:
            process = subprocess.Popen(words, env=self.environment, stdout=output, stderr=output, start_new_session=True)
        self._begun.append(process)
        return process

    def _until(self, *command: str, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while self.run(*command, check=False).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)}: no success within {seconds:g} s; see {self.folder}")
            time.sleep(0.1)

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command of SLURM."""
        words = [*self.at(CONTROLLER), *command]
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=check, timeout=60)

    def start_node(self, node: str) -> None:
        """Start a node's daemon."""
        self._daemon("slurmd", "-D", "-N", node, place=node)

    def kill_node(self, node: str) -> None:
        """Kill the daemon of a node and everything that runs on it."""
        for process in self._begun:
            if psutil.pid_exists(process.pid) and psutil.Process(process.pid).cmdline()[-1:] == [node]:
                victims = [psutil.Process(process.pid), *_family(process.pid), *self._steps_of(node)]
                for victim in dict.fromkeys(v for found in victims for v in (found, *_family(found.pid))):
                    with suppress(psutil.NoSuchProcess):
                        victim.send_signal(signal.SIGKILL)
                process.wait()

    def _steps_of(self, node: str) -> list[psutil.Process]:
        """The processes that SLURM starts for each job on a node; they are detached."""
        ours = {"SLURMD_NODENAME": node, "SLURM_CONF": self.environment["SLURM_CONF"]}
        found = []
        for process in psutil.process_iter(["name"]):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.info["name"] == "slurmstepd" and any(
                    ours.items() <= c.environ().items() for c in process.children()
                ):
                    found.append(process)
        return found

    def until_nodes_are_ready(self) -> None:
        """Wait until both nodes accept jobs."""
        deadline = time.monotonic() + 40.0
        while True:
            states = self.run("sinfo", "-h", "-p", "main", "-N", "-o", "%T").stdout.split()
            if len(states) == len(NODES) and set(states) <= {"idle", "allocated", "mixed"}:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"nodes are {states}")
            time.sleep(0.2)

    def jobs(self) -> dict[str, str]:
        """State by id of all unfinished jobs."""
        lines = self.run("squeue", "-h", "-r", "-o", "%i %T").stdout.splitlines()
        return dict(line.split() for line in lines)


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
