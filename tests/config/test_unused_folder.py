import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from av_td3.config.unused_folder import register_resolvers, unused_folder
from tests.conftest import ROOT


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    names = [unused_folder(str(tmp_path / "day"), "run") for _ in range(3)]
    assert names == [str(tmp_path / "day" / name) for name in ("run", "run-2", "run-3")]
    assert all((tmp_path / "day" / name).is_dir() for name in ("run", "run-2", "run-3"))


def test_processes_that_start_together_get_a_folder_each(tmp_path):
    code = (
        "import sys; from av_td3.config.unused_folder import unused_folder; sys.stdin.read(); "
        "print(unused_folder(sys.argv[1], 'run'))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(10)]
    for process in started:
        process.stdin.close()  # all at once
    found = {process.stdout.read().strip() for process in started}
    assert [process.wait() for process in started] == [0] * 10
    assert len(found) == 10


@pytest.mark.parametrize("name", ["", "../evil", "a b", "größe", "-m", ".hidden", "a/b", "[red]"])
def test_odd_names_are_refused_and_nothing_is_created(tmp_path, name):
    with pytest.raises(ValueError, match="is not a valid folder name"):
        unused_folder(str(tmp_path), name)
    assert list(tmp_path.iterdir()) == []


def test_a_config_names_one_folder_however_often_it_is_asked(tmp_path):
    register_resolvers()
    config = OmegaConf.create({"a": f"${{unused_folder:{tmp_path},run}}", "b": f"${{unused_folder:{tmp_path},run}}"})
    assert config.a == config.a == config.b == OmegaConf.to_container(config, resolve=True)["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
