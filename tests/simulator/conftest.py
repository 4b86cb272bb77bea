import os
import signal

import pytest

from av_td3.simulator.handshake import read_version
from tests.carla_stand_in.launch import servers, start_bystander
from tests.system.runs import until


def read_version_or_none(port):
    try:
        return read_version("127.0.0.1", port, 1.0)
    except OSError:
        return None


@pytest.fixture(scope="module")
def bystander(tmp_path_factory):
    """Somebody else's CARLA on this machine, as its server's process."""
    before = servers()
    process, port = start_bystander(tmp_path_factory.mktemp("bystander"))
    server = until(lambda: servers() - before, "the bystander's server").pop()
    until(lambda: read_version_or_none(port), "its answer")
    yield server, port
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
