import os
import socket
import threading
from contextlib import contextmanager

import msgpack
import pytest

from av_td3.doctor.check import State
from av_td3.doctor.simulator_checks import check_simulator
from av_td3.simulator.port_lease import lease_ports


def found(simulator, num_envs=1):
    return {check.name: check for check in check_simulator(simulator, num_envs)}


@contextmanager
def listening(answer=b""):
    """A socket that accepts connections, and answers with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)
                    if not answer:
                        ended.wait(10.0)

        ended = threading.Event()
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        ended.set()
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def external(compose_config):
    return lambda port, *overrides: compose_config("simulator=carla", f"simulator.port={port}", *overrides).simulator


def test_a_server_of_the_clients_version_is_ok(external, server_config):
    server = found(external(server_config.port))["CARLA server"]
    assert server.state is State.OK
    assert f"127.0.0.1:{server_config.port}" in server.text


def test_a_server_of_another_version_is_a_warning(external):
    with listening(msgpack.packb([1, 0, None, [[1, "0.9.15"]]])) as port:
        server = found(external(port))["CARLA server"]
    assert server.state is State.WARNING
    assert "0.9.15" in server.text
    assert "0.9.16" in server.remedy


def test_a_server_that_never_answers_is_a_problem(external):
    with listening() as port:
        server = found(external(port, "simulator.timeout=0.5"))["CARLA server"]
    assert server.state is State.PROBLEM
    assert "no CARLA server answers" in server.text


def test_what_is_no_carla_server_is_a_problem(external):
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert found(external(port))["CARLA server"].state is State.PROBLEM


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_an_address_without_a_server_is_a_problem(external, host):
    server = found(external(lease_ports(4), f"simulator.host={host}", "simulator.timeout=2.0"))["CARLA server"]
    assert server.state is State.PROBLEM
    assert f"simulator.host={host}" in server.text
    assert "CarlaUE4.sh" in server.remedy


def test_every_server_of_several_is_asked(external, server_config):
    free = lease_ports(4)
    servers = f"simulator.servers=[127.0.0.1:{server_config.port},127.0.0.1:{free}]"
    first, second, _ = check_simulator(external(1, servers), 2)
    assert (first.state, second.state) == (State.OK, State.PROBLEM)
    assert f"simulator.port={free}" in second.text


def test_free_ports_need_no_check(compose_config):
    checks = found(compose_config().simulator)
    assert {check.state for check in checks.values()} == {State.OK}


@pytest.mark.parametrize(("simulator", "last"), [("builtin", 1), ("carla_binary", 3)])
def test_a_port_in_use_is_a_problem_that_names_it(compose_config, simulator, last):
    first = lease_ports(4)
    config = compose_config(f"simulator={simulator}", f"simulator.port={first}").simulator
    assert found(config)["server ports"].state is State.OK
    with socket.create_server(("127.0.0.1", first + last)):
        ports = found(config)["server ports"]
    assert ports.state is State.PROBLEM
    assert ports.text.endswith(f"in use: {first + last}")


def test_the_ports_of_each_environment_are_checked(compose_config):
    first = lease_ports(8)
    config = compose_config(f"simulator.port={first}").simulator
    with socket.create_server(("127.0.0.1", first + 5)):
        assert found(config)["server ports"].state is State.OK
        assert found(config, num_envs=2)["server ports"].state is State.PROBLEM


@pytest.mark.parametrize(("user", "warned"), [(0, True), (1000, False)])
def test_carla_does_not_run_as_root(compose_config, monkeypatch, user, warned):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    found = list(check_simulator(compose_config("simulator=carla_binary").simulator, 1))
    assert ("root, and CARLA refuses to run with root's privileges" in [check.text for check in found]) is warned
