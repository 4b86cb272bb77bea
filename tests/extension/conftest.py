"""The other package as a user has it: installed beside av_td3."""

import shlex
import shutil

import pytest

from av_td3.config.composition import experiment
from tests.extension.kart import PROJECT
from tests.wheels import av_td3, build_wheel, training_environment


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """An environment with both wheels."""
    folder = tmp_path_factory.mktemp("kart")
    shutil.copytree(PROJECT, folder / "project", ignore=shutil.ignore_patterns("__pycache__"))
    return training_environment(folder / "env", wheel, build_wheel(folder / "project", folder))


@pytest.fixture(scope="session")
def run(installed, tmp_path_factory):
    """A run that uses all of the package at once."""
    folder = tmp_path_factory.mktemp("empty")
    said = av_td3(installed, folder, "train", "experiment=kart")
    (found,) = folder.glob("outputs/*/*")
    (found / "said.txt").write_text(said)
    return found


@pytest.fixture(scope="session")
def imported(tmp_path_factory):
    """A folder with the package but not its plugin of Hydra, which Hydra would keep for all later tests of this process."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "kart").symlink_to(PROJECT / "kart")
    return folder


@pytest.fixture
def compose_kart(imported, monkeypatch):
    """Compose overrides as where the package is installed."""
    monkeypatch.syspath_prepend(imported)
    return lambda text: experiment(["name=test", f"hydra.searchpath=[file://{imported / 'kart' / 'conf'}]", *shlex.split(text)])
