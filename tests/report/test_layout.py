"""Settings, paths and numbers are not broken at any width of the terminal, or in a pipe."""

import os
import subprocess
import sys

import pytest
from rich.console import Console

from av_td3.cli.tools import main
from av_td3.report.layout import print_table
from tests.conftest import ROOT
from tests.diagnostics.logs import growing, healthy, norms, series
from tests.report.folders import write_run

DEAD = [0.1] * 4 + [0.0] * 36
FAULTS = healthy() | {
    "train/actor_loss": growing(10.0, 1e7),
    "debug/actor_q_mean": growing(10.0, 1e7),
    "debug/actor_clipped_fraction": series([1.0] * 40),
    "debug/action_saturation": series([1.0] * 40),
    **norms("actor_mlp", DEAD, DEAD),
    **norms("actor", [12345.678] * 40, [1.0] * 40),
    "debug/critic_clipped_fraction": series([1.0] * 40),
}
NAME = "[red]a-run-with-[bold]-rather-long-:car:-name"
SETTINGS = (
    "network.gradient_routing=separate",
    "algorithm.pre_tanh_penalty=0.01",
    "algorithm.gradient_clipping.critic_max_norm=8.09",
    "(algorithm.actor_lr=0.0003)",
)
WIDTHS = ("40", "80", None, "", "many", "0")  # COLUMNS; without a terminal, nobody knows the width


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    overrides = ["network=nature_cnn_plain", "algorithm.pre_tanh_penalty=0", "algorithm.actor_lr=1e-3"]
    return write_run(tmp_path_factory.mktemp("runs") / NAME, FAULTS, overrides)


def printed(capsys, monkeypatch, columns, *arguments):
    if columns is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", columns)
    main([str(argument) for argument in arguments])
    return capsys.readouterr().out


@pytest.mark.parametrize("columns", WIDTHS)
def test_settings_to_copy_stay_whole(capsys, monkeypatch, bad, columns):
    words = printed(capsys, monkeypatch, columns, "diagnose", bad).split()
    assert {setting for setting in SETTINGS if setting not in {word.rstrip(";.,") for word in words}} == set()


@pytest.mark.parametrize("columns", WIDTHS)
def test_paths_names_and_numbers_stay_whole(capsys, monkeypatch, bad, columns):
    # What is printed of the pages matters here; drawing them at every width takes a second each time.
    monkeypatch.setattr("av_td3.cli.write_tools.write_report", lambda assessment, folder: [folder / "report.html"])
    monkeypatch.setattr("av_td3.cli.write_tools.write_sweep", lambda sweep, folder: [])
    assert f"{bad}: NO-GO\n" in printed(capsys, monkeypatch, columns, "diagnose", bad)
    gate = printed(capsys, monkeypatch, columns, "gate", bad)
    assert {"NO-GO", "1e+07", "1.358e+04,"} <= set(gate.split())
    assert "…" not in gate
    assert f"{bad / 'report.html'}\n" in printed(capsys, monkeypatch, columns, "report", bad)
    swept = printed(capsys, monkeypatch, columns, "sweep", bad.parent)
    assert f"{bad.parent}: 1 run: 1 done\n" in swept
    assert {NAME, "NO-GO", "feature_exploitation"} <= set(swept.split())


def test_the_same_where_the_shell_has_a_pipe(bad, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "av_td3", "diagnose", str(bad)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert "network.gradient_routing=separate" in done.stdout.split()
    assert max(len(line) for line in done.stdout.splitlines()[1:]) <= 120


@pytest.mark.parametrize("width", range(10, 120, 7))
def test_no_word_of_a_table_is_broken(width):
    console = Console(width=width, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    rows = [("actor norm after clip", "at most 1", "1.2345e+07", "NO-GO"), ("日本語", "done at step 5000", "failed", "")]
    print_table(console, "verdict", ("criterion", "threshold", "measured", ""), rows)
    text = console.export_text()
    assert {word for row in rows for cell in row for word in cell.split()} <= set(text.split())
    if "┃" in text:
        assert max(len(line) for line in text.splitlines()) <= width
