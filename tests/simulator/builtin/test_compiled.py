import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from av_td3.simulator.builtin.compiled import KEPT, compiled, compiled_in_place, compiled_inline

TRY = """
from av_td3.simulator.builtin.probe.caller import twice
from av_td3.simulator.builtin.compiled import machine_code_folder
print(twice(3.0), machine_code_folder())
"""
CALLED = """
from av_td3.simulator.builtin.compiled import compiled

FACTOR = {factor}


@compiled
def scaled(x):
    return FACTOR * x
"""
CALLER = """
from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.probe.called import scaled


@compiled
def twice(x):
    return scaled(x)
"""


def double(values):
    for i in range(len(values)):
        values[i] *= 2.0


@pytest.mark.parametrize("kind", [compiled, compiled_in_place, compiled_inline])
def test_all_kinds_compute_the_same(kind):
    values = np.arange(5.0)
    kind(double)(values)
    assert values.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]


@pytest.fixture
def package(tmp_path):
    """A copy of the package, with a compiled function that calls one of another file."""
    import av_td3

    source = Path(av_td3.__file__).parent
    shutil.copytree(source, tmp_path / "av_td3", ignore=shutil.ignore_patterns("__pycache__"))
    probe = tmp_path / "av_td3" / "simulator" / "builtin" / "probe"
    probe.mkdir()
    (probe / "__init__.py").touch()
    (probe / "caller.py").write_text(CALLER)
    (probe / "called.py").write_text(CALLED.format(factor=2.0))
    return probe


def run(package, **environment):
    """The result of the compiled function, and the folder of its machine code."""
    root = package.parents[3]
    variables = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    variables |= {"PYTHONPATH": str(root)} | environment
    done = subprocess.run([sys.executable, "-c", TRY], env=variables, cwd=root, capture_output=True, text=True, check=True)
    value, folder = done.stdout.split()
    return float(value), folder


def test_a_change_in_a_file_that_is_called_reaches_the_callers_of_other_files(package):
    value, folder = run(package)
    assert (value, run(package)) == (6.0, (6.0, folder))
    assert list(Path(folder).rglob("*.nbc"))
    (package / "called.py").write_text(CALLED.format(factor=5.0))
    value, other = run(package)
    assert value == 15.0
    assert other != folder


def test_the_machine_code_of_old_sources_is_removed(package):
    folders = []
    for factor in range(KEPT + 2):
        (package / "called.py").write_text(CALLED.format(factor=float(factor)))
        folders.append(run(package)[1])
    assert [Path(folder).exists() for folder in folders] == [False] * 2 + [True] * KEPT


def test_it_goes_where_numba_cache_dir_says_and_else_to_the_users_cache_or_nowhere(package, tmp_path):
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path / "chosen"))[1].startswith(str(tmp_path / "chosen"))
    blocked = package.parent / "__pycache__"
    shutil.rmtree(blocked, ignore_errors=True)
    blocked.touch()  # a file where the folder should be: root may write into every folder
    assert run(package, XDG_CACHE_HOME=str(tmp_path / "cache"))[1].startswith(str(tmp_path / "cache"))
    (tmp_path / "file").touch()
    assert run(package, XDG_CACHE_HOME=str(tmp_path / "file")) == (6.0, "None")
