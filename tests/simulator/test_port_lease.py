import subprocess
import sys

from av_td3.simulator.port_lease import FIRST, LAST, lease_port

HOLD = "from av_td3.simulator.port_lease import *; import sys; print(lease_port(), flush=True); sys.stdin.read()"
TAKE = "import av_td3.simulator.port_lease as p; p.FIRST, p.LAST = {port}, {port}; print(p.lease_port())"


def test_a_port_is_leased_once_and_is_free_again_when_its_holder_was_killed():
    holder = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = int(holder.stdout.readline())
    take = [sys.executable, "-c", TAKE.format(port=port)]
    refused = subprocess.run(take, capture_output=True, text=True)
    assert "no free port" in refused.stderr
    holder.kill()
    holder.wait()
    assert subprocess.run(take, capture_output=True, text=True).stdout.strip() == str(port)


def test_leases_of_one_process_differ():
    ports = {lease_port() for _ in range(20)}
    assert len(ports) == 20
    assert all(FIRST <= port <= LAST for port in ports)
