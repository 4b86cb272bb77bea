"""Stand-ins for programs of a machine: scripts that come first in PATH."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a program that prints a text and exits with a code."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def install_program(name: str, prints: str, code: int = 0) -> None:
        script = folder / name
        script.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{prints.rstrip()}\nEND\nexit {code}\n")
        script.chmod(0o755)

    return install_program


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
