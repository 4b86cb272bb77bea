"""Servers: one of a test's own, whose log and memory it may look at, and one that the tests of a file share."""

import psutil
import pytest


@pytest.fixture
def server_process(compose_config, tmp_path):
    server = compose_config().simulator.server(tmp_path / "simulator.log")
    port = server.start().port
    yield server, port
    server.stop()


@pytest.fixture
def own_server(server_process, tmp_path):
    """Port and log of a server that has just started."""
    return server_process[1], tmp_path / "simulator.log"


@pytest.fixture
def memory_of_server(server_process):
    """What the server holds, in bytes."""
    process = psutil.Process(server_process[0].pid)
    return lambda: process.memory_info().rss


@pytest.fixture(scope="module")
def shared_server(compose_config, tmp_path_factory):
    """Port of a server that has served other tests before."""
    server = compose_config().simulator.server(tmp_path_factory.mktemp("shared") / "simulator.log")
    yield server.start().port
    server.stop()
