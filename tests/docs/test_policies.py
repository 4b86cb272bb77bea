"""The commands that export policies, and the Python of the guide to them."""

import shutil
import subprocess
import sys

import pytest

from tests.docs.conftest import environment, in_shell
from tests.docs.kinds import of_kind
from tests.docs.printed import POLICIES, blocks

FILES = {"onnx": "policy.onnx", "torchscript": "policy.pt"}
PYTHON = [block for block in blocks() if block.language == "python" and block.where.startswith(POLICIES)]
RUN = "RUN"  # in the guide


@pytest.mark.parametrize(**of_kind("export"))
def test_a_policy_is_written_with_its_model_card(script, type_in, checkout):
    done = type_in(script)
    words = script.words
    folder = words[words.index("--output") + 1] if "--output" in words else f"{RUN}/export"
    files = [f"{folder}/{FILES[words[words.index('--format') + 1]]}", f"{folder}/model_card.md"]
    assert done.stdout.split() == files
    assert all((checkout / file).stat().st_size > 1000 for file in files)


@pytest.fixture(scope="module")
def exported(made, clone):
    """A checkout with a run whose policy was exported."""
    made.put(RUN, clone)
    for form in FILES:
        done = in_shell(f"av-td3 export {RUN} --format {form}", clone)
        assert done.returncode == 0, done.stderr
    yield clone
    shutil.rmtree(clone / RUN)


@pytest.mark.parametrize("block", PYTHON, ids=[block.where for block in PYTHON])
def test_python_that_is_printed_runs(block, exported):
    command = [sys.executable, "-c", block.text]
    done = subprocess.run(command, cwd=exported, env=environment(exported), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("step 40: " if "load_policy" in block.text else ("(1, 2)", "torch.Size([1, 2])"))
