"""The CARLA client, the address of the server, and the ports."""

import errno
import os
import socket
from collections.abc import Iterator
from importlib import metadata

from av_td3.config.simulator import Address, Simulator
from av_td3.doctor.check import Check, ok, problem, warning
from av_td3.machine.process import home_folder
from av_td3.simulator.external_server import ExternalServer, ExternalSimulator
from av_td3.simulator.port_lease import lease_port

PORTS = 3  # of a CARLA server: RPC, streaming, secondary server
CLIENT_TIMEOUT = 10.0  # s that a server may take to tell its version, at most


def check_client(simulator: Simulator) -> Iterator[Check]:
    """Import the client, and compare its version with that of a server that runs already. Called in a process of its own.

    Args:
        simulator: the section of the configuration.

    """
    os.environ.setdefault("HOME", home_folder())  # the client library crashes when it is imported without one
    import carla

    installed = metadata.version("carla")
    if not isinstance(simulator, ExternalSimulator):
        yield ok("CARLA client", installed)
        return
    client = carla.Client(simulator.host, simulator.port)
    client.set_timeout(min(simulator.timeout, CLIENT_TIMEOUT))
    try:
        server = client.get_server_version()
    except RuntimeError as error:
        yield problem(
            "CARLA server",
            f"something listens at {simulator.host}:{simulator.port}, but does not answer as a CARLA server ({_line(error)})",
            "wait until the server is ready; if it hangs, restart it",
        )
        return
    if server == client.get_client_version():
        yield ok("CARLA server", f"{server} at {simulator.host}:{simulator.port}, as the client")
    else:
        yield warning(
            "CARLA server",
            f"{server} at {simulator.host}:{simulator.port}, and the client is {client.get_client_version()}",
            f"start a server of version {installed}: other versions fail in ways that are hard to recognize",
        )


def check_address(simulator: Simulator) -> Iterator[Check]:
    """Whether the server accepts connections, or the ports of the one that the run will start are free.

    Raises:
        SimulatorUnavailable: nothing listens at the address of a server that should run already.

    """
    if isinstance(simulator, ExternalSimulator):
        ExternalServer(Address(simulator.host, simulator.port), min(simulator.timeout, CLIENT_TIMEOUT)).start()
        yield ok("address", f"{simulator.host}:{simulator.port} accepts connections")
    elif simulator.port == 0:
        yield ok("ports", "the simulator will use free ones")
    else:
        yield from _check_ports(simulator)
    yield ok("Traffic Manager's port", f"{lease_port()}, for example, is free")


def _check_ports(simulator: Simulator) -> Iterator[Check]:
    ports = range(simulator.port, simulator.port + PORTS)
    busy = [port for port in ports if _in_use(port)]
    if busy:
        yield problem(
            "ports",
            f"simulator.port={simulator.port} needs {ports[0]} to {ports[-1]}; in use: {', '.join(map(str, busy))}",
            "choose another simulator.port, or stop the program that uses it (ss -ltnp shows it)",
        )
    else:
        yield ok("ports", f"{ports[0]} to {ports[-1]} are free")


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            return error.errno in (errno.EADDRINUSE, errno.EACCES)
    return False


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
