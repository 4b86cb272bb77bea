import socket
import subprocess
import sys
import time
from pathlib import Path

import msgpack
import pytest

from av_td3.cli.tools import main

TRAFFIC = """
import carla, hashlib, struct, sys
from av_td3.env.clock import Clock
client = carla.Client("127.0.0.1", int(sys.argv[1])); client.set_timeout(10.0)
world = client.get_world()
digests = []
for _ in range(2):
    world = client.reload_world()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.1
    world.apply_settings(settings)
    manager = client.get_trafficmanager(int(sys.argv[2]))
    manager.set_synchronous_mode(True)
    manager.set_random_device_seed(7)
    clock = Clock(0.5); clock.use(world, int(sys.argv[2]))
    points = world.get_map().get_spawn_points()
    models = sorted(b.id for b in world.get_blueprint_library().filter("vehicle.*"))
    cars = [world.spawn_actor(world.get_blueprint_library().find(models[i % 4]), points[7 * i]) for i in range(20)]
    clock.tick()
    for car in cars:
        car.set_autopilot(True, int(sys.argv[2]))
    path, last, worst, digest = [0.0] * 20, [c.get_location() for c in cars], 0.0, hashlib.sha1()
    for n in range(400):
        clock.tick()
        for i, car in enumerate(cars):
            here = car.get_location()
            path[i] += here.distance(last[i]); last[i] = here
            digest.update(struct.pack("3f", here.x, here.y, car.get_transform().rotation.yaw))
            if n % 20 == 0:
                worst = max(worst, world.get_map().get_waypoint(here).transform.location.distance(here))
    digests.append(digest.hexdigest())
    clock.close()
    manager.shut_down()
print(sorted(path)[10], worst, digests[0] == digests[1])
"""


@pytest.fixture
def server(compose_config, tmp_path):
    server = compose_config().simulator.server(tmp_path / "simulator.log")
    yield server.start().port, tmp_path / "simulator.log"
    server.stop()


def run(*command):
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, timeout=120)


def test_an_unmodified_client_script_drives(server):
    port, log = server
    done = run(Path(__file__).with_name("drive.py"), port)
    assert done.returncode == 0, done.stderr
    assert "drove" in done.stdout
    assert log.read_text() == ""


def test_twenty_cars_of_the_traffic_manager_keep_their_lanes_and_repeat_themselves(server):
    port, log = server
    done = run("-c", TRAFFIC, port, free_port())
    assert done.returncode == 0, done.stderr
    median_path, worst_offset, same = done.stdout.splitlines()[-1].split()
    assert float(median_path) > 100.0  # m in 40 s
    assert float(worst_offset) < 1.75  # never out of the lane
    assert same == "True"
    assert log.read_text() == ""


def free_port():
    with socket.socket() as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


def call(connection, method, *arguments):
    connection.sendall(msgpack.packb([0, 1, method, [[False], *arguments]]))
    return msgpack.unpackb(connection.recv(1 << 20))


def test_unknown_functions_and_garbage_do_not_stop_it(server):
    port, _ = server
    with socket.create_connection(("127.0.0.1", port)) as connection:
        assert "no function 'fly'" in call(connection, "fly")[2]
        assert "no function '_destroy'" in call(connection, "_destroy", 1)[2]
        assert call(connection, "apply_batch", [[[13, [1, 2]]]], False)[3][0][0][0] == 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(100) == b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        assert call(connection, "version")[3] == [[1, "0.9.16"]]


@pytest.mark.parametrize("stopped", [False, True])
def test_it_ends_with_the_process_that_started_it(compose_config, tmp_path, stopped):
    script = (
        "import sys, os, signal, pathlib\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from conftest import compose_config\n"
        "server = compose_config().simulator.server(pathlib.Path(sys.argv[1]))\n"
        "print(server.start().port, flush=True)\n"
        f"if {stopped}: os.kill(server.pid, signal.SIGSTOP)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = run("-c", script, tmp_path / "log", Path(__file__).parents[2])
    port = int(done.stdout)
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    pytest.fail("the server still listens")


def test_wrong_arguments_are_one_line_and_exit_code_2(server, capsys):
    port, _ = server
    assert main(["simulator", "--port", str(port)]) == 2
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
    assert main(["simulator", "--host", "198.51.100.1", "--port", str(port + 2)]) == 2  # not of this machine
    assert f"cannot listen on 198.51.100.1:{port + 2}" in capsys.readouterr().err
    assert main(["simulator", "--town", "Nowhere"]) == 2
    assert "there are Suburb01, Loop01, Ring01" in capsys.readouterr().err


@pytest.mark.parametrize("town", ["Suburb01", "Ring01"])
def test_two_servers_show_and_simulate_the_same_bit_for_bit(compose_config, tmp_path, town):
    """300 ticks here; ``python -m tests.simulator.builtin.episode PORT 2000 TOWN`` prints the digests of more."""
    digests = []
    for n in range(2):
        server = compose_config().simulator.server(tmp_path / f"{n}.log")
        done = run("-m", "tests.simulator.builtin.episode", server.start().port, 300, town)
        server.stop()
        assert done.returncode == 0, done.stderr
        digests.append(done.stdout.split())
    assert digests[0] == digests[1]
    assert float(digests[0][2]) > 50.0  # m that the own car has driven
