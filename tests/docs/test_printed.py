"""Every printed command is run by a test."""

import re

from tests.conftest import ROOT
from tests.docs.briefly import BRIEF, briefer
from tests.docs.folders import PLACEHOLDERS, named
from tests.docs.kinds import kind
from tests.docs.printed import blocks, docstring, scripts

# By file and first line. What a program writes, or a file holds; the rest is typed.
SHOWN = {
    ("README.md", "verdict: GO"),
    ("docs/cluster.md", "id=$(sbatch --parsable validation.sh)"),  # tests/slurm types it
    ("docs/cluster.md", "checkpoints/000002533/state.pt         networks, targets, optimizers, random numbers, counters"),
    ("docs/diagnosis.md", "1. feature_exploitation  (critical)"),
    (
        "docs/doctor.md",
        "┏━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳" + 83 * "━" + "┓",
    ),
    ("docs/extending.md", "kart_project/"),
    ("docs/vehicles.md", "m (dv/dt - u r) = T - B - m g (c + sin slope) - ½ρ Cd A v|v| - Ff sin δ"),
    (
        "docs/diagnosis.md",
        "ALERT at step 275: action_saturation, raised 5 times since the last point; debug/action_saturation 0.4193",
    ),
}
NOT_RUN = {  # a scheduler is needed, or a package index
    "python launch.py -m +sweep=clip_norms hydra/launcher=slurm",
    "python launch.py -m +sweep=clip_norms hydra/launcher=slurm simulator=carla_apptainer",
    "python launch.py -m +sweep=clip_norms hydra/launcher=slurm hydra.launcher.detach=true",
    "python launch.py -m hydra/launcher=slurm hardware.slurm.nodes=2 hardware.num_envs=4",
    "pip install 'av-td3[optuna]'",
    "pip install 'av-td3[window]'",
    "pip install .",
    "pip install '.[train]'",
}


def test_every_command_is_of_a_kind_that_a_test_runs():
    tests = "".join(path.read_text() for part in ("docs", "extension") for path in (ROOT / "tests" / part).glob("test_*.py"))
    assert {kind(script) for script in scripts()} == set(re.findall(r'parametrize\(\*\*of_kind\("(.+?)"\)\)', tests))


def test_only_these_commands_are_not_run():
    assert {script.text for script in scripts() if kind(script) in ("cluster", "pip")} == NOT_RUN


def test_what_shortens_a_command_replaces_nothing_that_it_relies_on(monkeypatch):
    monkeypatch.chdir(ROOT)
    allowed = {*BRIEF, "network", "hydra.sweeper.n_trials", "hydra.sweeper.params"}
    assert not any(key.startswith(("name", "simulator", "hydra.run", "hydra.sweep.", "hydra.job")) for key in allowed)
    launches = [script.words for script in scripts() if script.words[:2] == ["python", "launch.py"]]
    assert len(launches) > 20
    for typed in launches:
        before, after = ([word.partition("=")[0] for word in row] for row in (typed[1:], briefer(typed[1:])))
        assert set(before) <= set(after)
        assert set(after) - set(before) <= allowed


def test_a_block_is_typed_or_known_to_show_something():
    found = [block for block in blocks() if not block.is_typed]
    assert {block.language for block in found} == {"", "python", "toml", "yaml"}
    shown = {(block.where.split(":")[0], block.text.splitlines()[0].rstrip()) for block in found if not block.language}
    assert shown == SHOWN


def test_every_folder_that_a_command_reads_stands_for_something_and_no_other_does():
    found = {folder for script in scripts() for folder in named(script.words) if len(script.lines) == 1}
    assert found == set(PLACEHOLDERS)


def test_every_bench_and_every_sweep_prints_its_command():
    commands = {word for script in scripts() for word in script.words}
    benches = [path for path in (ROOT / "bench").glob("*.py") if "__main__" in path.read_text()]
    assert len(benches) > 5
    assert all(f"python bench/{path.name}" in docstring(path) for path in benches)
    assert {f"bench/{path.name}" for path in benches} <= commands
    assert all(f"launch.py -m +sweep={path.stem}" in path.read_text() for path in (ROOT / "sweeps").glob("*.yaml"))
