import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.slurm.lab import Lab
from tests.slurm.sweeps import LONG, TINY


@pytest.fixture(scope="session")
def lab():
    folder = Path(tempfile.mkdtemp(prefix="lab", dir="/tmp"))
    with Lab(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory):
    """The folder of a run of LONG that nothing has interrupted."""
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    command = [sys.executable, str(ROOT / "launch.py"), *TINY, *LONG, f"hydra.run.dir={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
