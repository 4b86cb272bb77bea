"""Several runs on one machine, and launches into folders that are in use."""

import json
import os
import subprocess
import sys

from omegaconf import OmegaConf

from tests.conftest import ROOT
from tests.system.runs import SMALL, started, status, until

TINY = (*SMALL, "network=small_cnn", "scenario=suburb_empty", "total_steps=62")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}


def command(*overrides):
    return [sys.executable, str(ROOT / "launch.py"), *overrides]


def launch(cwd, *overrides):
    return subprocess.run(command(*overrides), capture_output=True, text=True, timeout=200, cwd=cwd, env=ENVIRONMENT)


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_runs_that_start_in_the_same_moment_get_a_folder_each(tmp_path):
    """With different seeds and otherwise default settings, each launch has its own run."""
    seeds = range(4)
    runs = [
        subprocess.Popen(command(*TINY, f"seed={seed}"), cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
        for seed in seeds
    ]
    assert [run.wait(timeout=200) for run in runs] == [0] * len(seeds)
    folders = list((tmp_path / "outputs").glob("*/*"))
    assert sorted(OmegaConf.load(folder / "config.yaml").seed for folder in folders) == list(seeds)
    assert [status(folder)["step"] for folder in folders] == [62] * len(seeds)


def test_a_launch_into_the_folder_of_another_run_leaves_every_byte(tmp_path):
    folder = tmp_path / "run"
    assert launch(tmp_path, *TINY, f"hydra.run.dir={folder}").returncode == 0
    before = content(folder)
    for overrides in ((*TINY, "seed=1"), ("seed=2", "algorithm.actor_lr=-1"), (*TINY, "+sed=1")):
        refused = launch(tmp_path, *overrides, f"hydra.run.dir={folder}")
        assert refused.returncode == 2, refused.stdout
        assert refused.stderr.count("\n") == 1
        assert content(folder) == before
    assert "finished" in launch(tmp_path, f"resume={folder}").stdout


def test_a_run_that_cannot_be_made_longer_with_other_settings_keeps_its_own(tmp_path):
    folder = tmp_path / "run"
    assert launch(tmp_path, *TINY, f"hydra.run.dir={folder}").returncode == 0
    kept = {name: (folder / name).read_bytes() for name in ("config.yaml", "overrides.yaml", "status.json")}
    longer = (f"resume={folder}", "total_steps=120", "resume_with_changes=true")
    missing = launch(tmp_path, *longer, "algorithm._target_=nowhere.TD3")
    misfit = launch(tmp_path, *longer, "network=nature_cnn")
    assert (missing.returncode, misfit.returncode) == (2, 1)
    assert "does not fit this program or config" in misfit.stderr
    assert {name: (folder / name).read_bytes() for name in kept} == kept
    assert launch(tmp_path, *longer).returncode == 0


def test_a_launch_that_is_refused_leaves_no_folder(tmp_path):
    assert launch(tmp_path, *TINY, "algorithm._target_=nowhere.TD3").returncode == 2
    assert list((tmp_path / "outputs").glob("*/*")) == []


def test_a_launch_into_a_folder_where_another_seed_runs_is_refused_at_once(tmp_path):
    folder = tmp_path / "run"
    with started(folder, *TINY, "total_steps=100000") as process:
        until(lambda: (folder / "episodes.csv").exists(), "a run")
        refused = launch(tmp_path, *TINY, "total_steps=100000", "seed=1", f"hydra.run.dir={folder}")
        assert refused.returncode == 2
        assert "holds a run with another config: seed was 0, is 1" in refused.stderr
        assert process.poll() is None
    overrides = OmegaConf.to_container(OmegaConf.load(folder / "overrides.yaml"))
    assert overrides == OmegaConf.to_container(OmegaConf.load(folder / ".hydra" / "overrides.yaml"))
    assert "seed=1" not in overrides


def test_a_folder_cannot_make_a_resumed_run_load_a_pickle(tmp_path):
    folder, mark = tmp_path / "run", tmp_path / "mark"
    assert launch(tmp_path, *TINY, f"hydra.run.dir={folder}").returncode == 0
    evil = tmp_path / "evil.pt"
    evil.write_bytes(b"cos\nsystem\n(S'touch " + str(mark).encode() + b"'\ntR.")
    call = f"+hydra.callbacks.x={{_target_: torch.load, f: {evil}, weights_only: false}}"
    for name in ("overrides.yaml", ".hydra/overrides.yaml"):
        (folder / name).write_text(json.dumps([*TINY, call]))
    done = launch(tmp_path, f"resume={folder}")
    assert done.returncode == 2
    assert "is not a configuration key" in done.stderr
    assert not mark.exists()


def test_a_run_says_how_many_threads_it_uses_and_leaves_those_of_others_alone(tmp_path):
    cores = len(os.sched_getaffinity(0))
    hold = (
        "import sys; from av_td3.machine.core_shares import CoreShare; s = CoreShare({}); "
        "print(1, flush=True); sys.stdin.read()"
    )
    holding = [sys.executable, "-c", hold.format(max(1, cores - 1))]
    other = subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT)
    assert other.stdout.readline()
    without = {key: value for key, value in ENVIRONMENT.items() if key != "OMP_NUM_THREADS"}
    free = [setting for setting in TINY if not setting.startswith("hardware.threads")]
    run = subprocess.run(command(*free), capture_output=True, text=True, timeout=200, cwd=tmp_path, env=without)
    other.kill()
    other.wait()
    assert ", 1 thread; writing to" in run.stdout.splitlines()[0]
