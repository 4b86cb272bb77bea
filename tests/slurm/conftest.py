import shutil
import tempfile
from pathlib import Path

import pytest

from tests.slurm.lab import Lab


@pytest.fixture(scope="session")
def lab():
    folder = Path(tempfile.mkdtemp(prefix="lab", dir="/tmp"))
    with Lab(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)
