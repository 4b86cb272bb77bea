"""Overrides that start the stand-in for CARLA, and bystanders that look like it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil

from av_td3.simulator.port_lease import lease_ports

SCRIPT = Path(__file__).with_name("CarlaUE4.sh")
NAME = "CarlaUE4-Linux-Shipping"
QUICK = ("simulator.timeout=6.0", "simulator.start_timeout=30.0", "simulator.start_interval=0.0", "simulator.restart_delay=0.0")


def started_by_us():
    """Overrides that every stand-in needs. Its processes are those of this test process, of which several run at a time."""
    python, owner = f"STAND_IN_PYTHON={sys.executable}", f'STAND_IN_OWNER="{os.getpid()}"'
    return f"+simulator.environment.{python}", f"+simulator.environment.{owner}"


def stand_in(state, *faults):
    """Overrides for a stand-in with these faults; ``state`` is a folder in which it counts its starts."""
    quoted = json.dumps(list(faults)).replace('"', '\\"')
    return (
        "simulator=carla_binary",
        f"simulator.path={SCRIPT}",
        "simulator.graphics_adapter=null",
        *started_by_us(),
        f"+simulator.environment.STAND_IN_STATE={state}",
        f'+simulator.environment.STAND_IN_FAULTS="{quoted}"',
        *QUICK,
    )


def starts(state):
    """Command lines of the starts so far."""
    file = Path(state) / "starts"
    return file.read_text().splitlines() if file.exists() else []


def start_bystander(folder):
    """A CARLA that somebody else has started on this machine, and its port."""
    port = lease_ports(4)
    ports = (f"-carla-rpc-port={port}", f"-carla-streaming-port={port + 1}", f"-carla-secondary-port={port + 2}")
    with (Path(folder) / "bystander.log").open("w") as log:
        command = ["bash", str(SCRIPT), "-RenderOffScreen", "-nosound", *ports]
        environment = os.environ | {"STAND_IN_PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(sys.path)}
        environment |= {"STAND_IN_OWNER": str(os.getpid())}
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True), port


def servers():
    """Processes of stand-ins that this test process has started, in whatever way."""
    return {process for process in psutil.process_iter() if _is_ours(process)}


def _is_ours(process):
    try:
        return process.cmdline()[:1] == [NAME] and process.environ().get("STAND_IN_OWNER") == str(os.getpid())
    except psutil.Error:
        return False
