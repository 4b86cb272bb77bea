"""The simulator on its printed port, and its clients."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import carla
import pytest

from tests.docs.conftest import SHELL, environment
from tests.docs.kinds import of_kind
from tests.docs.launched import assert_configured, assert_done, run_in
from tests.docs.printed import POLICIES, Script, blocks
from tests.system.runs import all_listening, until

PORT = 2000
USE = """
print(observation["image"].shape, reward)
"""


@contextmanager
def serving(line, checkout):
    """A simulator in the foreground of a shell, stopped with Ctrl-C."""
    until(lambda: not {PORT, PORT + 1} & all_listening(), f"port {PORT} free", seconds=120.0)
    process = subprocess.Popen(
        ["bash", "-c", f"{SHELL}exec {line}"],  # exec: the exit code is the simulator's own
        cwd=checkout,
        env=environment(checkout),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert "Traceback" not in process.stderr.read()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize(**of_kind("simulator"))
def test_the_simulator_serves_any_client_until_it_is_stopped(script: Script, checkout):
    assert script.words[script.words.index("--port") + 1] == str(PORT)
    with serving(script.last, checkout) as process:
        assert process.stdout.readline().startswith(f"ready port={PORT}")
        client = carla.Client("127.0.0.1", PORT)
        client.set_timeout(10.0)
        assert client.get_server_version() == "0.9.16"
        town = script.words[-1] if "--town" in script.words else "Suburb01"
        assert client.get_world().get_map().name.endswith(town)
        assert client.get_world().wait_for_tick(5.0).frame > 0
        del client
    assert PORT not in all_listening()


@pytest.mark.parametrize(**of_kind("on a server"))
def test_a_run_uses_a_server_that_is_already_there(script, type_in, checkout):
    with serving(f"av-td3 simulator --port {PORT}", checkout) as process:
        process.stdout.readline()
        type_in(script)
    run = run_in(checkout / "outputs")
    assert_done(run)
    assert_configured(run, script.words[2:])


@pytest.mark.parametrize(**of_kind("doctor"))
def test_the_doctor_finds_no_problem_here(script, type_in, checkout):
    with ExitStack() as stack:
        if "simulator=carla" in script.words:
            stack.enter_context(serving(f"av-td3 simulator --port {PORT}", checkout)).stdout.readline()
        done = type_in(script)
    if "--json" in script.words:
        content = json.loads(done.stdout)
        assert content["problems"] == 0
        states = {check["name"]: check["state"] for check in content["checks"]}
    else:
        states = {cells[2].strip(): cells[1].strip() for line in done.stdout.splitlines() if len(cells := line.split("│")) == 5}
    assert {states[name] for name in ("drive without traffic", "time", "size")} == {"ok"}


PYTHON = [
    block
    for block in blocks()
    if block.language == "python" and not block.text.startswith("# ") and not block.where.startswith(POLICIES)
]  # not those that begin with a file's name


@pytest.mark.parametrize("block", PYTHON, ids=[block.where for block in PYTHON])
def test_python_that_is_printed_runs_on_a_server(block, checkout):
    use = USE if "observation" in block.text else ""
    with serving(f"av-td3 simulator --port {PORT}", checkout) as process:
        process.stdout.readline()
        done = subprocess.run(
            [sys.executable, "-c", block.text + use], cwd=checkout, env=environment(checkout), capture_output=True, text=True
        )
    if use:
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("(4, 84, 84)")
    else:
        assert done.returncode in (0, -signal.SIGABRT), done.stderr  # the client may abort at the end of its process
        assert (checkout / "car.png").stat().st_size > 10_000
