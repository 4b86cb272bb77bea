import os
import socket
import subprocess
import sys

import pytest

from av_td3.simulator import port_lease
from av_td3.simulator.port_lease import FIRST, LAST, is_free, lease_port, lease_ports, lease_these_ports

HOLD = "from av_td3.simulator.port_lease import *; import sys; print(lease_port(), flush=True); sys.stdin.read()"
TAKE = "import av_td3.simulator.port_lease as p; p.FIRST, p.LAST = {port}, {port}; print(p.lease_port())"


@pytest.fixture
def temporary(tmp_path):
    """Environments of two jobs with a temporary folder each; in the second, a file has the name of ours."""
    environments = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        environments.append(os.environ | {"TMPDIR": str(tmp_path / name)})
    (tmp_path / "other" / f"av_td3-ports-{os.getuid()}").write_text("somebody's")
    yield environments
    assert [path.name for path in (tmp_path / "one").iterdir()] == []


def test_a_port_is_leased_once_and_is_free_again_when_its_holder_was_killed(temporary):
    one, other = temporary
    command = [sys.executable, "-c", HOLD]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=one)
    port = int(holder.stdout.readline())
    take = [sys.executable, "-c", TAKE.format(port=port)]
    refused = subprocess.run(take, capture_output=True, text=True, env=other)
    assert "no free port" in refused.stderr
    holder.kill()
    holder.wait()
    assert subprocess.run(take, capture_output=True, text=True, env=other).stdout.strip() == str(port)


def in_a_fork(call, user=None):
    """What a call returns in a child process, which may be another user's."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        if user is not None:
            os.setuid(user)
        os.write(writing, str(call()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(reading, 20).decode()


def test_ports_of_a_server_are_leased_together_or_not_at_all():
    first = in_a_fork(lambda: lease_ports(8))  # free again: the fork has ended
    taken = int(first) + 4
    assert lease_these_ports(taken, 1) is None
    assert in_a_fork(lambda: lease_these_ports(taken - 2, 4)) == str(taken)
    assert in_a_fork(lambda: lease_these_ports(taken - 2, 2)) == "None"  # the two before were given back
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert lease_these_ports(port, 1) == port


def test_a_second_server_of_a_process_may_use_the_ports_of_the_first_once_they_are_free():
    first = lease_ports(4)
    assert lease_these_ports(first, 4) is None
    with socket.create_server(("127.0.0.1", first + 1)):
        assert lease_these_ports(first, 4) == first + 1
    assert lease_ports(4) != first


def test_two_users_share_no_port():
    """The child is another user's where the tests run as root; of the same user elsewhere."""
    first = lease_ports(4)
    assert in_a_fork(lambda: lease_these_ports(first, 4), user=65534 if os.getuid() == 0 else None) == str(first)


def test_a_port_whose_connections_have_just_ended_is_free():
    """A server that was killed leaves its connections in TIME_WAIT for a minute."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    client = socket.create_connection(("127.0.0.1", port))
    accepted, _ = listening.accept()
    assert not is_free(port)
    accepted.close()  # the server's side closes first
    listening.close()
    client.close()
    assert is_free(port)


def test_leases_of_one_process_differ():
    ports = {lease_port() for _ in range(20)}
    assert len(ports) == 20
    assert all(FIRST <= port <= LAST for port in ports)


def test_a_port_that_somebody_listens_on_is_not_leased(monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        monkeypatch.setattr(port_lease, "FIRST", port)
        monkeypatch.setattr(port_lease, "LAST", port)
        with pytest.raises(OSError, match=f"no free port from {port} to {port}"):
            lease_port()
    assert lease_port() == port
