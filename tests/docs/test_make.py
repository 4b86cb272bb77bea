"""The Makefile, as a dry run."""

import importlib.metadata

import pytest

from tests.docs.kinds import of_kind

LAST = {
    "train": "launch.py",
    "test": "-m pytest",
    "test-slurm": "--dist=loadfile tests/slurm",
    "check-towns": "tests.check_towns",
    "install": "pip install",
    "soak": "tests.soak",
}


@pytest.mark.parametrize(**of_kind("make"))
def test_a_target_ends_with_what_it_is_for(script, type_in, checkout):
    (checkout / ".venv").unlink()
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "activate").touch()
    planned = type_in(script).stdout
    target = script.words[-1]
    assert any(LAST[target] in line for line in planned.splitlines()[-3:]), planned
    assert "pip install" in planned
    for word in script.words:
        if word.startswith("PYTHON="):
            assert f"{word.partition('=')[2]} -m venv" in planned


@pytest.mark.parametrize(**of_kind("pip"))
def test_an_extra_that_is_to_be_installed_exists(script):
    name, _, extra = script.words[-1].rstrip("]").partition("[")
    offered = importlib.metadata.metadata("av-td3" if name == "." else name).get_all("Provides-Extra")
    assert not extra or extra in offered
