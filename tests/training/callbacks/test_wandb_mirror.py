import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from av_td3.config.errors import ConfigError
from av_td3.training.callbacks.wandb_mirror import WandbMirror
from tests.training.fakes import configured


def test_a_project_gets_the_scalars_and_the_configuration(monkeypatch):
    started, finished = [], []
    run = SimpleNamespace(finish=lambda: finished.append(True))
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=lambda **options: started.append(options) or run))
    mirror = WandbMirror()
    mirror.setup(configured(seed=3, logging={"wandb_project": "cars"}), Path("folder/run"))
    (options,) = started
    assert (options["project"], options["name"], options["sync_tensorboard"]) == ("cars", "run", True)
    assert options["config"]["seed"] == 3
    mirror.close()
    assert finished == [True]


def test_without_a_project_nothing_is_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    mirror = WandbMirror()
    mirror.setup(configured(), Path("run"))
    mirror.close()


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(
        ConfigError, match=r"logging\.wandb_project=cars: needs the package wandb: pip install 'av-td3\[wandb\]'"
    ):
        WandbMirror().setup(configured(logging={"wandb_project": "cars"}), Path("run"))
