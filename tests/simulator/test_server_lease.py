import os
import socket
import subprocess
import sys
import threading

import pytest

from av_td3.machine import leases
from av_td3.simulator.errors import SimulatorUnavailable
from av_td3.simulator.server_lease import ServerLease

PORT = 2000
PLACE = "import sys; from av_td3.machine import leases; leases.SHARED_PLACES = (sys.argv[1],)\n"
HOLD = "from av_td3.simulator.server_lease import ServerLease; lease = ServerLease('127.0.0.1', 2000)\n"
FORK = "import os, time\nif os.fork() == 0: time.sleep(60); os._exit(0)\n"
STAY = "print('held', flush=True); sys.stdin.read()"
TAKE_TURNS = """
import time, pathlib
from av_td3.simulator.errors import SimulatorUnavailable
from av_td3.simulator.server_lease import ServerLease
inside, turns = pathlib.Path(sys.argv[1]) / "inside", 0
end = time.monotonic() + 2.0
while time.monotonic() < end:
    try:
        lease = ServerLease("127.0.0.1", 2000)
    except SimulatorUnavailable:
        continue
    inside.touch(exist_ok=False)
    inside.unlink()
    lease.release()
    turns += 1
print(turns)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where leases lie, for this test only."""
    monkeypatch.setattr(leases, "SHARED_PLACES", (str(tmp_path),))
    return tmp_path


def started(place, code, **options):
    command = [sys.executable, "-c", PLACE + code, str(place)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


def files(place):
    return list((place / f"av_td3-servers-{os.getuid()}").iterdir())


def test_a_server_is_used_by_one_environment_at_a_time(place):
    lease = ServerLease("127.0.0.1", PORT)
    ServerLease("127.0.0.1", PORT + 1).release()
    words = r"the server at localhost:2000 is used by another environment; close that one first"
    with pytest.raises(SimulatorUnavailable, match=words):
        ServerLease("localhost", PORT)  # another name of the same address
    thread = threading.Thread(target=lease.release)
    thread.start()
    thread.join()
    again = ServerLease("127.0.0.1", PORT)
    lease.release()  # a second time: it must not release the new one's
    with pytest.raises(SimulatorUnavailable):
        ServerLease("127.0.0.1", PORT)
    again.release()
    assert files(place) == []


def test_a_name_that_does_not_resolve_is_leased_as_it_is(place, monkeypatch):
    def unknown(_):
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    lease = ServerLease("nowhere", PORT)
    assert [path.name for path in files(place)] == ["nowhere-2000"]
    lease.release()


@pytest.mark.parametrize("forks", ["", FORK], ids=["alone", "with a child that lives on"])
def test_the_lease_ends_with_its_process(place, forks):
    with started(place, HOLD + forks + STAY, start_new_session=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SimulatorUnavailable):
            ServerLease("127.0.0.1", PORT)
        holder.kill()
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        try:
            ServerLease("127.0.0.1", PORT).release()
        finally:
            os.killpg(holder.pid, 9)


def test_a_link_in_place_of_a_lease_is_not_followed(place):
    (place / "precious.txt").write_text("keep me")
    ServerLease("127.0.0.1", PORT).release()
    (place / f"av_td3-servers-{os.getuid()}" / "127.0.0.1-2000").symlink_to(place / "precious.txt")
    with pytest.raises(OSError, match="symbolic links"):
        ServerLease("127.0.0.1", PORT)
    assert (place / "precious.txt").read_text() == "keep me"


def test_two_processes_never_hold_the_lease_at_once(place):
    drivers = [started(place, TAKE_TURNS) for _ in range(3)]
    turns = [int(driver.communicate(timeout=60)[0]) for driver in drivers]
    assert all(driver.returncode == 0 for driver in drivers)
    assert sum(turns) > 50
    assert files(place) == []
