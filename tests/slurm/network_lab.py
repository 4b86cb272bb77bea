"""The lab with a network: controller and nodes are in network namespaces of their own, so their loopbacks are separate."""

import os
import subprocess
from pathlib import Path

from tests.slurm.lab import CONTROLLER, NODES, Lab

PLACES = (CONTROLLER, *NODES)


class NetworkLab(Lab):
    """As Lab. Needs root, for ``ip netns``."""

    addresses = ("10.123.0.1", "10.123.0.2", "10.123.0.3")  # nobody else sees them
    communication = ""  # on all addresses of their namespace

    def __init__(self, folder: Path):
        super().__init__(folder)
        self._namespaces = {place: f"lab-{os.getpid()}-{place}" for place in PLACES}

    def __enter__(self) -> "NetworkLab":
        try:
            self._connect()
        except BaseException:
            self._disconnect()
            raise
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._disconnect()

    def at(self, place: str) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{self._namespaces[place]}"]

    def _connect(self) -> None:
        """A bridge at the controller, and a cable from there to each node."""
        for name in self._namespaces.values():
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        controller = self._namespaces[CONTROLLER]
        ip("-n", controller, "link", "add", "hub", "type", "bridge")
        ip("-n", controller, "link", "set", "hub", "up")
        ip("-n", controller, "address", "add", f"{self.addresses[0]}/24", "dev", "hub")
        for node, address in zip(NODES, self.addresses[1:], strict=True):
            name = self._namespaces[node]
            ip("-n", controller, "link", "add", node, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("-n", controller, "link", "set", node, "master", "hub", "up")
            ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")

    def _disconnect(self) -> None:
        for name in self._namespaces.values():
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)

    def namespace(self, place: str) -> int:
        """Identity of the network of the controller or a node, as in ``/proc/PID/ns/net``."""
        return os.stat(f"/run/netns/{self._namespaces[place]}").st_ino


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
