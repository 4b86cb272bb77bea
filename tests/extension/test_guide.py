"""What docs/extending.md prints: its code is that of the package, and its commands and overrides work."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from av_td3.runs.status import read_status
from tests.conftest import ROOT
from tests.docs.briefly import BRIEF
from tests.docs.kinds import of_kind
from tests.docs.printed import EXTENDING, overrides_quoted
from tests.extension.kart import PROJECT, SHOWN
from tests.wheels import av_td3

CODE = [block for block in SHOWN if block.language]
QUOTED = sorted({text for text, guide in overrides_quoted() if guide == EXTENDING})
PACKAGED = {path for path in PROJECT.rglob("*") if path.suffix in (".py", ".yaml", ".toml") and path.name != "__init__.py"}


@pytest.mark.parametrize("block", CODE, ids=lambda block: block.where)
def test_code_is_that_of_the_package(block):
    name, _, code = block.text.partition("\n")
    assert f"{code}\n" in (PROJECT / name.removeprefix("# ")).read_text()


def test_every_file_of_the_package_is_shown():
    assert {PROJECT / block.text.split("\n")[0].removeprefix("# ") for block in CODE} == PACKAGED


def test_the_tree_is_that_of_the_package():
    (tree,) = (block.text for block in SHOWN if not block.language)
    for name in re.findall(r"[\w/]+\.\w+", tree):
        assert any(str(path).endswith(f"/{name}") for path in PROJECT.rglob("*")), name


def test_links_within_the_page_lead_somewhere():
    text = (ROOT / EXTENDING).read_text()
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("##")}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == headings


@pytest.mark.parametrize("text", QUOTED)
def test_overrides_are_valid(compose_kart, text):
    compose_kart(text)


@pytest.mark.parametrize(**of_kind("extension"))
def test_a_command_does_what_it_says(script, request, tmp_path):
    words = script.words
    if "--config-dir" in words:
        check_folder(words, tmp_path)
    elif words == ["pip", "install", "./kart_project"]:  # without an index
        assert list(request.getfixturevalue("installed").glob("lib/*/site-packages/kart-1.0.dist-info"))
    elif words == ["av-td3", "train", "experiment=kart"]:
        assert read_status(request.getfixturevalue("run"), [])["state"] == "done"
    else:
        run = request.getfixturevalue("run")
        said = av_td3(request.getfixturevalue("installed"), tmp_path, *(word.replace("RUN", str(run)) for word in words[1:]))
        assert ("narrow_search" if "diagnose" in words else "this run has finished") in said
        assert list(tmp_path.iterdir()) == []


def check_folder(words, tmp_path):
    """Train in a folder with the package, which is not installed, and resume the run."""
    shutil.copytree(PROJECT / "kart", tmp_path / "kart")  # without its plugin of Hydra
    brief = [f"{key}={value}" for key, value in BRIEF.items()]
    in_folder(tmp_path, *words[1:], *brief, "network=pooled")
    (run,) = tmp_path.glob("outputs/*/*")
    assert read_status(run, [])["state"] == "done"
    assert "reward/haste" in (run / "report.json").read_text()
    option = words.index("--config-dir")
    assert "this run has finished" in in_folder(tmp_path, "train", *words[option : option + 2], f"resume={run}")


def in_folder(folder, *words):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "av_td3", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=folder, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
