"""``av-td3 sbatch``; tests/slurm submits what it prints."""

import shlex

import pytest
from omegaconf import OmegaConf

from av_td3.cli.tools import main
from tests.conftest import ROOT
from tests.report.folders import write_run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def printed(capsys, *words):
    """The script, and the arguments of the launch in its last line."""
    assert main(["sbatch", *words]) == 0
    script = capsys.readouterr().out
    launch = shlex.split(script.splitlines()[-1])
    return script, launch[launch.index("train") + 1 :]


def test_the_run_of_a_script_has_a_new_folder_of_its_own(capsys, tmp_path):
    folders = set()
    for _ in range(2):
        script, arguments = printed(capsys, "experiment=micro_500", "hardware.slurm.partition=gpu")
        assert arguments[:-1] == ["experiment=micro_500", "hardware.slurm.partition=gpu"]
        folders.add(arguments[-1].removeprefix("hydra.run.dir="))
        assert "#SBATCH --job-name=micro_500\n#SBATCH --chdir=" + str(tmp_path) in script
        assert "#SBATCH --partition=gpu\n" in script
        assert "# Written by: av-td3 sbatch experiment=micro_500 hardware.slurm.partition=gpu\n" in script
    assert folders == {str(path) for path in (tmp_path / "outputs").glob("*/*-micro_500*")}
    assert len(folders) == 2


def test_a_folder_that_is_named_is_used_and_may_have_any_name(capsys, tmp_path):
    _, arguments = printed(capsys, "hydra.run.dir='my run, the ${seed}st'", "seed=1")
    assert arguments == ["seed=1", f"hydra.run.dir='{tmp_path}/my run, the 1st'"]
    assert (tmp_path / "my run, the 1st").is_dir()


def test_files_of_ones_own_are_found_by_the_script_too(capsys, tmp_path):
    (tmp_path / "mine" / "hardware").mkdir(parents=True)
    mine = "defaults:\n  - auto\n  - _self_\nslurm:\n  account: me\n"
    (tmp_path / "mine" / "hardware" / "ours.yaml").write_text(mine)
    script, arguments = printed(capsys, "--config-dir", "mine", "hardware=ours")
    assert "#SBATCH --account=me\n" in script
    assert arguments[:3] == ["--config-dir", "mine", "hardware=ours"]


def test_a_run_that_is_resumed_stays_in_its_folder(capsys, tmp_path):
    overrides = ["hardware.slurm.partition=gpu", "seed=3"]
    write_run(tmp_path / "run", overrides=overrides, trajectories=False)
    OmegaConf.save(["name=test", *overrides], tmp_path / "run" / "overrides.yaml")
    script, arguments = printed(capsys, "resume=run")
    assert arguments == ["resume=run"]
    assert "#SBATCH --partition=gpu\n" in script
    assert f"#SBATCH --output={tmp_path}/run/launch.log\n" in script


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["seed=x"], "seed=x: must be an integer"),
        (["seeds=1"], "seeds: no such key; did you mean seed?"),
        (["hardware.slurm.cpus=0"], "hardware.slurm.cpus=0: must be at least 1 and at most 1000000"),
        (["seed=1,2"], "seed=1,2: several values; add -m"),
        (["hydra.run.dir=."], "is the working directory; choose a new folder"),
        (["name=${nothing}"], "name: "),
    ],
)
def test_an_invalid_configuration_is_refused_in_one_line_and_creates_nothing(capsys, tmp_path, words, answer):
    assert main(["sbatch", *words]) == 3
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), answer in err) == ("", 1, True), err
    assert list(tmp_path.iterdir()) == []


def test_help_names_the_way_of_a_sweep(capsys):
    with pytest.raises(SystemExit):
        main(["sbatch", "--help"])
    assert "hydra.launcher.detach=true" in capsys.readouterr().out
    assert "detach" in (ROOT / "conf" / "hydra" / "launcher" / "slurm.yaml").read_text()
