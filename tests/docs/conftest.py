"""A checkout and a shell in it."""

import compileall
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs import briefly
from tests.docs.folders import PLACEHOLDERS, Made, named
from tests.docs.printed import ACTIVATE, Script

# What is typed is what is printed; only these functions of the shell add what saves time. A doctor's forecast of a run without
# updates takes half the time; README.md's forecasts the default run. An evaluation's episodes are cut after four steps.
SHELL = f"""
{ACTIVATE}
python() {{ command python {shlex.quote(briefly.__file__)} "$@"; }}
make() {{ command make --dry-run "$@"; }}
av-td3() {{
    if [ "$1" = evaluate ]; then set -- "$@" scenario.max_episode_steps=4; fi
    if [ "$1" = doctor ] && [ $# -gt 1 ]; then set -- doctor total_steps=200 "${{@:2}}"; fi
    command av-td3 "$@"
}}
"""
Typed = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files of the repository that git does not ignore."""
    folder = tmp_path_factory.mktemp("clone") / "av-td3"
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and os.path.lexists(ROOT / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    (folder / ".venv").symlink_to(sys.prefix)
    compileall.compile_dir(folder / "av_td3", quiet=1)
    return folder


@pytest.fixture
def checkout(clone: Path) -> Path:
    """A fresh copy of the clone."""
    return fresh_checkout(clone)


def fresh_checkout(clone: Path) -> Path:
    """A copy, always in the same place: in another, the simulator would be compiled once more."""
    folder = clone.parent / "checkout" / "av-td3"
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(clone, folder, symlinks=True))


@pytest.fixture(scope="session")
def made(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    checkout = fresh_checkout(clone)  # for tests that use no checkout themselves
    return Made(tmp_path_factory.mktemp("made"), checkout, environment(checkout))


@pytest.fixture
def type_in(checkout: Path, made: Made) -> Callable[..., Typed]:
    """Run a printed script in a shell in the checkout, with the folders that it refers to."""

    def run(script: Script, codes: tuple[int, ...] = (0,)) -> Typed:
        for folder in named(script.words):
            if not any(f"hydra.run.dir={folder}" in line for line in script.lines):
                assert folder in PLACEHOLDERS, f"{script.where}: {folder}: say in tests/docs/folders.py what stands for it"
                made.put(folder, checkout)
        for line in script.lines:
            done = in_shell(line, checkout)
            allowed = codes if line == script.last else (0,)
            assert done.returncode in allowed, f"{script.where}: {line}\n{done.stdout}{done.stderr}"
        return done

    return run


def in_shell(line: str, checkout: Path) -> Typed:
    """Run one line with bash."""
    return subprocess.run(
        ["bash", "-c", SHELL + line], cwd=checkout, env=environment(checkout), capture_output=True, text=True, timeout=200
    )


def environment(checkout: Path) -> dict[str, str]:
    """With the checkout's own package, as after ``make install``."""
    kept = {"NUMBA_CACHE_DIR": str(checkout.parent / "machine-code")}  # beside the checkout, which is removed
    return os.environ | {"PYTHONPATH": str(checkout), "COLUMNS": "200", "OMP_NUM_THREADS": "1"} | kept
