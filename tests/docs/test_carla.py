"""What is printed about a CARLA that the run starts, with programs that stand in for it."""

import os
import subprocess
import sys

import pytest

from tests.carla_stand_in.launch import servers
from tests.docs.kinds import of_kind
from tests.docs.launched import assert_configured, assert_done, run_in


@pytest.fixture
def installed(checkout, tmp_path, monkeypatch):
    """A machine with a GPU, CARLA, Apptainer with an image, and Docker."""
    stand_in, state = checkout / "tests" / "carla_stand_in", tmp_path / "containers"
    state.mkdir()
    (checkout / "carla_0.9.16.sif").touch()
    found = {"PATH": f"{stand_in}:{os.environ['PATH']}", "CARLA_ROOT": str(stand_in)}
    found |= {"STAND_IN_PYTHON": sys.executable, "STAND_IN_OWNER": str(os.getpid()), "STAND_IN_DOCKER": str(state)}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    python_path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    daemon = subprocess.Popen([sys.executable, stand_in / "dockerd.py", state], env=os.environ | python_path)
    yield
    daemon.kill()
    daemon.wait()


@pytest.mark.parametrize(**of_kind("on CARLA"))
def test_a_run_starts_its_carla(script, installed, type_in, checkout):
    type_in(script)
    run = run_in(checkout / "outputs")
    assert_done(run)
    assert_configured(run, script.words[2:])
    assert servers() == set()


@pytest.mark.parametrize(**of_kind("doctor of CARLA"))
def test_the_doctor_drives_it(script, installed, type_in):
    done = type_in(script)
    assert "no problems" in done.stdout, done.stdout
