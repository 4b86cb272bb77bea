"""The server's address and version, and the ports."""

import os
from collections.abc import Iterator
from importlib import metadata

from av_td3.config.simulator import Address, Simulator
from av_td3.doctor.check import Check, ok, parts, problem, warning
from av_td3.simulator.builtin_server import BuiltinSimulator
from av_td3.simulator.errors import SimulatorUnavailable
from av_td3.simulator.external_server import ExternalServer, ExternalSimulator
from av_td3.simulator.handshake import read_version
from av_td3.simulator.port_lease import SERVER_PORTS, is_free, lease_port
from av_td3.simulator.started_carla import StartedCarla

BUILTIN_PORTS = 2  # RPC and streaming
ANSWER_TIMEOUT = 10.0  # s that a running server may take to answer


def check_simulator(simulator: Simulator, num_envs: int) -> Iterator[Check]:
    """Whether the servers answer, or the ports of those that the run will start are free.

    Args:
        simulator: the section of the configuration.
        num_envs: number of environments, each with a server of its own.

    """
    if isinstance(simulator, StartedCarla) and os.geteuid() == 0:
        yield warning("user", "root, and CARLA refuses to run with root's privileges", "run as another user; docs/carla.md")
    for env_index in range(num_envs):
        one = simulator.of_environment(env_index)
        if isinstance(one, ExternalSimulator):
            yield from check_server(one)
        elif one.port:
            yield _check_ports(one.port, BUILTIN_PORTS if isinstance(one, BuiltinSimulator) else SERVER_PORTS)
    if not isinstance(simulator, ExternalSimulator) and not simulator.port:
        yield ok("server ports", "the run leases free ones")
    yield ok("Traffic Manager's port", f"the run leases a free one, for example {lease_port()}")


def check_server(simulator: ExternalSimulator) -> Iterator[Check]:
    """Whether a server answers that should run already, and whether it is of the client's version."""
    timeout = min(simulator.timeout, ANSWER_TIMEOUT)
    try:
        host, port = ExternalServer(Address(simulator.host, simulator.port), timeout).start()
    except SimulatorUnavailable as error:
        yield problem("CARLA server", *parts(str(error)))
        return
    server, client = read_version(host, port, timeout), metadata.version("carla")
    if server == client:
        yield ok("CARLA server", f"{server} answers at {host}:{port}, and the client is {client}")
    else:
        yield warning(
            "CARLA server",
            f"{server} answers at {host}:{port}, but the client is {client}",
            f"start CARLA {client}: with another version, expect crashes and wrong data",
        )


def _check_ports(first: int, number: int) -> Check:
    ports = range(first, first + number)
    busy = [port for port in ports if not is_free(port)]
    if busy:
        return problem(
            "server ports",
            f"a server needs {ports[0]} to {ports[-1]}; in use: {', '.join(map(str, busy))}",
            "set simulator.port=0 for free ones, or another one; `ss -ltnp` lists the programs that use ports",
        )
    return ok("server ports", f"{ports[0]} to {ports[-1]} are free")
