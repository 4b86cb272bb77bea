"""What many tests need: a composed config, and a built-in server that runs."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from av_td3.config.composition import experiment
from av_td3.config.experiment import Config
from av_td3.config.simulator import Simulator
from tests.wheels import build_wheel

ROOT = Path(__file__).resolve().parents[1]
Compose = Callable[..., Config]
# The background jobs of a script ignore Ctrl-C, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def compose_config(*overrides: str) -> Config:
    return experiment(["name=test", *overrides])


@pytest.fixture(name="compose_config", scope="session")
def compose_config_fixture() -> Compose:
    return compose_config


@pytest.fixture(scope="session")
def server_config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """The simulator section of a config whose address is that of a running built-in server."""
    simulator = compose_config().simulator
    server = simulator.server(tmp_path_factory.mktemp("server") / "simulator.log")
    host, port = server.start()
    yield simulator.model_copy(update={"host": host, "port": port})
    server.stop()


@pytest.fixture
def launch(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run launch.py to its end with these overrides, into ``tmp_path/run`` by default."""

    def run(*overrides: str, **more: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "launch.py"), f"hydra.run.dir={tmp_path / 'run'}", *overrides]
        options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 200, "cwd": tmp_path}
        return subprocess.run(command, **(options | more), env=os.environ | {"COLUMNS": "160"})

    return run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this package."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "checkout", ignore=shutil.ignore_patterns(".venv", ".git", "outputs"), symlinks=True)
    return build_wheel(folder / "checkout", folder)
