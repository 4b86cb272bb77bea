"""``av-td3 doctor`` as a program. A whole examination of a healthy machine is among the printed commands (tests/docs)."""

import json
import os
import subprocess
import sys

import pytest

from av_td3.cli.extras import TRAIN
from av_td3.cli.tools import main
from av_td3.simulator.port_lease import lease_ports
from tests.conftest import ROOT

BLOCKER = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""


@pytest.fixture
def doctor(tmp_path):
    """Run the program as the user alice, who has secrets."""
    home = tmp_path / "home" / "alice"
    home.mkdir(parents=True)

    def run(*arguments, without=()):
        (tmp_path / "sitecustomize.py").write_text(BLOCKER.format(modules=set(without) or "()"))
        environment = {name: value for name, value in os.environ.items() if name not in ("USER", "LOGNAME")}
        environment |= {"HOME": str(home), "USER": "alice", "LOGNAME": "alice", "WANDB_API_KEY": "0123456789abcdef"}
        environment |= {"PYTHONPATH": f"{tmp_path}:{ROOT}", "COLUMNS": "200"}
        command = [sys.executable, "-m", "av_td3", "doctor", *arguments]
        return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=120)

    return run


def states(done):
    return {check["name"]: check["state"] for check in json.loads(done.stdout)["checks"]}


@pytest.fixture(scope="module")
def no_server():
    return [f"simulator.port={lease_ports(4)}", "simulator=carla", "simulator.timeout=2.0", "hardware=cpu"]


def test_a_problem_is_an_exit_code_and_what_depends_on_it_is_left_out(doctor, no_server):
    done = doctor(*no_server, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    found = states(done)
    assert (found["CARLA server"], found["drive"]) == ("problem", "warning")
    assert {found[name] for name in ("Python", "packages", "device", "write permission", "configuration")} == {"ok"}
    assert json.loads(done.stdout)["overrides"] == no_server


def test_it_can_be_pasted_into_a_bug_report(doctor, no_server, tmp_path):
    folder = tmp_path / "home" / "alice" / "file" / "runs"
    folder.parent.write_text("no folder")
    secrets = ['hardware.slurm.setup=["export TOKEN=hush-hush"]', "name=of-0123456789abcdef", f"hydra.run.dir={folder}"]
    done = doctor(*no_server, *secrets)
    assert done.returncode == 1
    assert "~/file" in done.stdout
    assert "simulator=carla" in done.stdout
    for secret in ("alice", "0123456789abcdef", "hush-hush"):
        assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize("missing", [["torch"], [*TRAIN, "filelock", "psutil", "submitit"]], ids=["torch", "all of train"])
def test_without_torch_it_says_what_is_missing_and_checks_the_rest(doctor, missing):
    done = doctor("hydra/launcher=slurm", "--json", without=missing)
    assert done.returncode == 1
    found = states(done)
    assert (found["imports"], found["configuration"], found["write permission"]) == ("problem", "warning", "ok")
    assert "SLURM" in found
    assert "device" not in found
    imports = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "imports"]
    assert imports[0]["text"] == "torch: No module named 'torch'"
    assert "pip install" in imports[0]["remedy"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulator=no_such"], "simulator/no_such"),
        (["hardware.devise=cpu"], "did you mean hardware.device?"),
        (["seed=-1"], "seed=-1"),
        (["resume=outputs/first"], "resume: "),
        (["seed=0,1"], "several values"),
        (["--verbose"], "unrecognized arguments"),
    ],
)
def test_invalid_input_is_one_line_and_exit_code_3(capsys, arguments, words):
    try:
        code = main(["doctor", *arguments])
    except SystemExit as exit:
        code = exit.code
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert words in err
