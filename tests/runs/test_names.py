"""Only av_td3/runs/ spells the names of a run's files, and reading them imports neither torch nor carla."""

import ast
import re
import subprocess
import sys

import pytest

from av_td3.runs import (
    config_file,
    episodes,
    evaluation_folder,
    folder,
    lock,
    provenance,
    status,
    sweep_folder,
    town_map,
    trajectories,
)
from tests.conftest import ROOT

FILES = (
    *(config_file.CONFIG_FILE, config_file.OVERRIDES_FILE, config_file.HYDRA_FOLDER, status.STATUS_FILE, lock.LOCK_FILE),
    *(episodes.EPISODES_FILE, trajectories.TRAJECTORIES_FILE, trajectories.FORMER_FILE, town_map.MAP_FILE),
    *(provenance.ENVIRONMENT_FILE, folder.RUN_LOG, folder.LAUNCH_LOG, folder.REPORT_PAGE, folder.REPORT_DATA),
    *(folder.COMPARISON_PAGE, folder.COMPARISON_TEXT, "simulator.log", "worker.log"),
    *(sweep_folder.CODE_FILE, sweep_folder.TABLE_FILE, sweep_folder.PAGE_FILE, sweep_folder.MULTIRUN_FILE),
    sweep_folder.SUBMITIT_FOLDER,
    *(evaluation_folder.EVALUATION_FILE, evaluation_folder.EVALUATION_PAGE, evaluation_folder.EVALUATION_TABLE),
)
FOLDERS = (folder.CHECKPOINTS, folder.REPLAY, folder.TENSORBOARD)  # plain words, which are names only in a path
AS_A_FILE = re.compile(rf"(^|/)({'|'.join(map(re.escape, FILES))})($|[/:])")
AS_A_FOLDER = re.compile(rf"(^|/)({'|'.join(FOLDERS)})($|/)")
OF_PATHS = ("Path", "joinpath", "with_name", "glob", "rglob")


def named(source):
    """The names of a run's files that a module spells, except in docstrings and prose."""
    tree = ast.parse(source)
    elsewhere = [constant for node in ast.walk(tree) if of_conf(node) for constant in ast.walk(node)]
    found = []
    for node in ast.walk(tree):
        if node in elsewhere:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and AS_A_FILE.search(node.value):
            found.append(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            found += [text for text in texts(node.right) if AS_A_FOLDER.search(text)]
        elif isinstance(node, ast.Call) and name_of(node.func) in OF_PATHS:
            found += [text for argument in node.args for text in texts(argument) if AS_A_FOLDER.search(text)]
    docstrings = [ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, DOCUMENTED)]
    return [text for text in found if text not in docstrings]


def of_conf(node):
    """Whether a path starts in conf/, which has its own config.yaml."""
    return isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name) and node.left.id == "CONF"


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def texts(node):
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def name_of(function):
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_nobody_but_the_modules_of_runs_spells_the_name_of_a_file():
    modules = [path for path in (ROOT / "av_td3").rglob("*.py") if path.parent != ROOT / "av_td3" / "runs"]
    assert len(modules) > 100
    spelled = {str(path.relative_to(ROOT)): named(path.read_text()) for path in modules}
    assert {path: names for path, names in spelled.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    [
        'folder / "status.json"',
        'sorted(folder.glob("*/status.json"))',
        'f"{folder}/config.yaml: cannot be read"',
        'Path(folder, "checkpoints")',
        'folder / "tensorboard" / name',
        'folder.with_name("replay")',
        'NotLogged("trajectories.csv")',
        '(folder / ".hydra").mkdir()',
    ],
)
def test_a_name_that_is_spelled_out_is_noticed(line):
    assert named(f'"""Words."""\n{line}') != []


@pytest.mark.parametrize(
    "line", ['"""status.json"""', 'manifest["replay"]', '"checkpoints"', 'hint = "look at episodes.csv, too"']
)
def test_docstrings_keys_and_prose_are_no_paths(line):
    assert named(line) == []


def test_a_folder_is_read_and_written_without_torch_and_carla():
    modules = sorted(f"av_td3.runs.{path.stem}" for path in (ROOT / "av_td3" / "runs").glob("*.py"))
    code = f"import sys, {', '.join(modules)}; print(sorted({{'torch', 'carla', 'gymnasium'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
