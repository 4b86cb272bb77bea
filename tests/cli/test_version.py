import re
import shutil
import subprocess
import sys
from importlib import metadata

from av_td3.cli import version
from tests.conftest import ROOT


def output_of(folder, *arguments):
    command = [sys.executable, "-m", "av_td3", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={"PYTHONPATH": str(folder)}, check=True)
    return done.stdout


def test_a_checkout_has_its_own_version(tmp_path):
    project = (ROOT / "pyproject.toml").read_text()
    assert output_of(ROOT, "--version") == f"av-td3 {re.search(r'^version = .(.*).$', project, re.MULTILINE)[1]}\n"
    shutil.copytree(ROOT / "av_td3", tmp_path / "av_td3", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "av-td3"\nversion = "7.8.9"\n')
    assert output_of(tmp_path, "--version") == "av-td3 7.8.9\n"


def test_without_a_checkout_the_version_is_that_of_the_metadata(tmp_path, monkeypatch):
    monkeypatch.setattr(version, "CHECKOUT", tmp_path)
    assert version.version() == metadata.version("av-td3")
    monkeypatch.setattr(version, "NAME", "no-such-package")
    assert version.version() == "unknown"


def test_the_module_is_the_tool():
    assert output_of(ROOT, "gate", "--help").startswith("usage: av-td3 gate ")
