"""The tools that read runs, on folders."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from av_td3.cli.tools import main
from av_td3.diagnostics.diagnose import RULES
from tests.conftest import ROOT
from tests.diagnostics.logs import growing, healthy, norms, series
from tests.diagnostics.seed_logs import SEED_LOGS
from tests.report.folders import write_log, write_run

DEAD = [0.1] * 4 + [0.0] * 36
EXPLODED = healthy() | {"train/actor_loss": growing(10.0, 1e7), "debug/actor_q_mean": growing(10.0, 1e7)}
EXPLODED |= norms("actor_mlp", DEAD, DEAD)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "good")


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    overrides = ["network.gradient_routing=entangled", "algorithm.actor_lr=1e-3"]
    return write_run(tmp_path_factory.mktemp("runs") / "bad", EXPLODED, overrides)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """The log of another program: other tags, no config."""
    theirs = {"losses/actor_loss": "train/actor_loss", "losses/qf1_values": "train/q1_value"}
    folder = tmp_path_factory.mktemp("runs") / "theirs"
    write_log(folder, {name: EXPLODED[ours] for name, ours in theirs.items()})
    return folder


def said(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


# -- gate --------------------------------------------------------------------------------------------------------------


def test_the_gate_answers_with_its_exit_code(capsys, good, bad, tmp_path):
    code, out, _ = said(capsys, "gate", good)
    assert (code, "verdict: GO" in out) == (0, True)
    code, out, _ = said(capsys, "gate", bad)
    assert (code, "verdict: NO-GO" in out) == (1, True)
    short = write_run(tmp_path / "short", healthy() | {"train/updates": series([10.0])})
    assert said(capsys, "gate", short)[0] == 2


def test_the_gate_as_json_names_every_criterion(capsys, bad):
    code, out, _ = said(capsys, "gate", bad, "--json")
    content = json.loads(out)
    assert (code, content["verdict"], content["run"]) == (1, "NO-GO", str(bad))
    loss = next(c for c in content["criteria"] if c["name"] == "|actor loss|")
    assert loss == {"name": "|actor loss|", "wanted": "at most 1000", "found": "1e+07", "verdict": "NO-GO"}


def test_a_gate_of_ones_own_decides(capsys, good, tmp_path):
    assert said(capsys, "gate", good, "--gate", "validation_5k")[0] == 0
    strict = tmp_path / "strict.yaml"
    strict.write_text(
        (ROOT / "conf" / "gate" / "validation_5k.yaml").read_text().replace("max_q: ${alerts.max_q}", "max_q: 1.0")
    )
    assert said(capsys, "gate", good, "--gate", strict)[0] == 1


@pytest.mark.parametrize("tool", ["gate", "diagnose", "report"])
def test_what_cannot_be_read_is_said_in_one_line_with_exit_code_3(capsys, tool, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "zero").mkdir()
    (tmp_path / "zero" / "events.out.tfevents.1.host").touch()
    for folder, words in (("empty", "no TensorBoard event file"), ("zero", "is empty"), ("nowhere", "no such file or folder")):
        code, out, err = said(capsys, tool, tmp_path / folder)
        assert (code, out) == (3, "\n" if out == "\n" else "")
        assert err.count("\n") == 1
        assert str(tmp_path / folder) in err
        assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--gate", "nosuch"], "available: validation_5k"),
        (["--set", "nonsense.without.value="], "no such key"),
        (["--gate", "WRONG"], "max_q"),
    ],
)
def test_wrong_arguments_of_the_gate_end_with_exit_code_3(capsys, good, tmp_path, arguments, words):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("max_q: many\n")
    code, _, err = said(capsys, "gate", good, *(str(wrong) if a == "WRONG" else a for a in arguments))
    assert code == 3
    assert words in err


def test_a_wrong_command_line_is_no_verdict(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["gate"])
    assert ended.value.code == 3
    assert capsys.readouterr().err.startswith("error: ")


# -- diagnose ----------------------------------------------------------------------------------------------------------


def test_diagnosis_as_json_is_ranked_and_has_the_promised_keys(capsys, bad):
    code, out, _ = said(capsys, "diagnose", bad, "--json")
    content = json.loads(out)
    assert code == 0
    assert (content["run"], content["verdict"]) == (str(bad), "NO-GO")
    assert [finding["rule"] for finding in content["findings"]][:2] == ["feature_exploitation", "dead_module"]
    assert all(set(finding) == {"rule", "severity", "evidence", "advice"} for finding in content["findings"])
    assert {finding["rule"] for finding in content["findings"]} <= {rule.name for rule in RULES}
    assert content["figures"]["train/actor_loss"]["last"] == pytest.approx(1e7)


def test_several_runs_give_a_list_and_one_that_cannot_be_read_harms_no_other(capsys, good, bad, tmp_path):
    code, out, err = said(capsys, "diagnose", good, tmp_path / "nowhere", bad, "--json")
    assert code == 0
    assert [content["verdict"] for content in json.loads(out)] == ["GO", "NO-GO"]
    assert err == f"error: {tmp_path / 'nowhere'}: no such file or folder\n"


@pytest.mark.parametrize("spoiled", ["empty", "missing", "folder", "gate"])
def test_one_run_of_a_folder_that_cannot_be_read_harms_no_other(capsys, tmp_path, spoiled):
    for name in ("a", "b", "c"):
        write_run(tmp_path / name, overrides=[f"seed={ord(name)}"])
    log = tmp_path / "b" / "tensorboard" / "events.out.tfevents.1.host.1.0"
    if spoiled == "gate":
        (tmp_path / "b" / "config.yaml").write_text("gate: [1, 2]\n")
    else:
        log.unlink()
        {"empty": log.touch, "missing": lambda: None, "folder": log.mkdir}[spoiled]()
    code, out, err = said(capsys, "diagnose", tmp_path)
    assert (code, out.count(": GO\n")) == (0, 2)
    assert err.count("\n") == (1 if spoiled in ("empty", "gate") else 0)  # elsewhere no log is there to be read
    assert not err or str(tmp_path / "b") in err
    code, out, err = said(capsys, "sweep", tmp_path)
    assert (code, err, "3 runs: 3 done" in out) == (0, "", True)
    assert len(list(csv.DictReader((tmp_path / "sweep.csv").open()))[1]["error"]) > 10
    for tool in (("gate", tmp_path / "b"), ("report", tmp_path / "b"), ("compare", tmp_path / "a", tmp_path / "b")):
        code, out, err = said(capsys, *tool)
        assert (code, out, err.count("\n")) == (3, "", 1)
        assert str(tmp_path / "b") in err


def test_where_no_run_can_be_read_the_exit_code_says_so(capsys, tmp_path):
    (tmp_path / "events.out.tfevents.1.host").touch()
    code, out, err = said(capsys, "diagnose", tmp_path, tmp_path / "nowhere", "--json")
    assert (code, json.loads(out), err.count("\n")) == (3, [], 2)


def test_a_folder_of_runs_is_diagnosed_run_by_run(capsys, tmp_path):
    for name in ("a", "b"):
        write_run(tmp_path / name)
    _, out, _ = said(capsys, "diagnose", tmp_path)
    assert out.count(": GO\n") == 2
    assert out.count("no findings") == 2


def test_the_diagnosis_of_another_programs_log_lists_what_was_missing(capsys, foreign):
    words = " ".join(said(capsys, "diagnose", foreign)[1].split())
    assert "1. q_divergence (critical)" in words
    assert "tags: losses/actor_loss as train/actor_loss; losses/qf1_values as train/q1_value" in words
    assert "rules had nothing to look at (not logged: " in words
    assert "early_learning (algorithm.batch_size)" not in words
    assert "early_learning (algorithm.batch_size)" in " ".join(said(capsys, "diagnose", foreign, "--verbose")[1].split())


def test_a_tag_can_be_said_by_hand(capsys, tmp_path):
    folder = tmp_path / "theirs"
    write_log(folder, {"mine": series(np.geomspace(1.0, 1e9, 40)), "Score": series(np.linspace(0.0, 9.0, 40))})
    assert "no findings" in said(capsys, "diagnose", folder)[1]
    for tool in ("diagnose", "gate", "report"):
        code, out, _ = said(capsys, tool, folder, "--tag", "mine=train/critic_loss")
        assert "mine as train/critic_loss" in out
        assert code == (1 if tool == "gate" else 0)
    assert "critic_divergence" in (folder / "report.html").read_text()
    assert said(capsys, "compare", folder, tmp_path, "--tag", "mine=train/critic_loss")[0] == 0
    for tool in (("gate", folder), ("report", folder), ("diagnose", folder), ("compare", folder, folder)):
        code, _, err = said(capsys, *tool, "--tag", "mime=train/critic_loss")
        assert (code, err.count("--tag mime: not in the log; did you mean mine?")) == (3, 1)


def test_a_healthy_log_of_another_program_is_go_as_far_as_it_tells(capsys, tmp_path):
    folder = tmp_path / "theirs"
    write_log(folder, {"Score": series(np.linspace(0.0, 9.0, 40))})
    code, out, _ = said(capsys, "gate", folder)
    assert code == 0
    assert "verdict: GO as far as this log tells" in out


def test_settings_that_the_log_lacks_can_be_set(capsys, foreign):
    settings = ["--set", "algorithm.batch_size=256", "--set", "algorithm.learning_starts=300"]
    content = json.loads(said(capsys, "diagnose", foreign, "--json", *settings)[1])
    assert "early_learning" in {finding["rule"] for finding in content["findings"]}


def test_non_finite_values_are_still_json(capsys, tmp_path):
    run = write_run(tmp_path / "nan", healthy() | {"train/critic_loss": series([1.0, float("nan")])})
    _, out, _ = said(capsys, "diagnose", run, "--json")
    assert json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))["verdict"] == "NO-GO"


# -- report and compare ------------------------------------------------------------------------------------------------


def test_the_report_is_one_page_that_needs_nothing_else(capsys, bad):
    code, out, _ = said(capsys, "report", bad)
    assert code == 0
    assert out.split() == [str(bad / "report.html"), str(bad / "report.json")]
    page = (bad / "report.html").read_text()
    for outside in ("http://", "https://", "src=", "<script", "<link", "url("):
        assert outside not in page.replace("http://www.w3.org/", "").replace("url(#", "")  # names of SVG, and its own parts
    assert page.count("<svg") == 12
    assert "mathdefault" not in page  # the labels of logarithmic axes, which matplotlib writes as TeX
    assert "The most likely cause: feature_exploitation." in page
    assert "<code>network.gradient_routing</code></td><td><code>separate</code></td><td><code>entangled</code>" in page
    assert "test &lt;b&gt;CPU&lt;/b&gt;" in page
    content = json.loads((bad / "report.json").read_text())
    changed = {d["key"]: (d["first"], d["second"]) for d in content["differences_from_defaults"] if d["key"] != "name"}
    assert changed == {
        "network.gradient_routing": ("separate", "entangled"),
        "algorithm.actor_lr": ("0.0003", "0.001"),
    }
    assert content["verdict"] == "NO-GO"
    assert content["environment"]["torch"] == "2.13.0"


def test_a_report_of_another_programs_log_says_what_it_cannot_show(capsys, foreign, tmp_path):
    assert said(capsys, "report", foreign, "--output", tmp_path / "new" / "folder")[0] == 0
    page = (tmp_path / "new" / "folder" / "report.html").read_text()
    assert page.count("<svg") == 2
    assert "Not shown, because the data was not logged: Evaluation, Episode reward, Actor gradient norm" in page
    assert "early_learning (algorithm.batch_size)" in page
    assert not (foreign / "report.html").exists()


def test_the_same_run_gives_the_same_page(capsys, good, tmp_path):
    for name in ("a", "b"):
        said(capsys, "report", good, "--output", tmp_path / name)
    assert (tmp_path / "a" / "report.html").read_bytes() == (tmp_path / "b" / "report.html").read_bytes()


def test_a_comparison_names_the_changes_and_their_effects(capsys, good, bad, tmp_path):
    code, out, _ = said(capsys, "compare", bad, good, "--output", tmp_path)
    sentence = " ".join(out.split())
    assert code == 0
    assert "The candidate is GO, the baseline NO-GO; resolved: feature_exploitation, dead_module" in sentence
    assert (
        "Config changes: network.gradient_routing from entangled to separate, algorithm.actor_lr from 0.001 to 0.0003."
        in sentence
    )
    text = (tmp_path / "comparison.md").read_text()
    assert "| `network.gradient_routing` | `entangled` | `separate` |" in text
    assert "| \\|actor loss\\| | at most 1000 | 1e+07 **NO-GO** | " in text
    assert "&#" not in text
    page = (tmp_path / "comparison.html").read_text()
    assert page.count("<svg") == 11


def test_two_runs_with_the_same_name_are_distinguished(capsys, tmp_path):
    first, second = (write_run(tmp_path / parent / "run") for parent in ("a", "b"))
    said(capsys, "compare", first, second)
    page = (second / "comparison.html").read_text()
    assert "run (baseline)" in page
    assert "Both are GO" in page
    assert "Their configs are identical." in page


# -- the tools alone ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """A Python with the packages of this one, except torch and carla."""
    home = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, capture_output=True)
    site = next((home / "lib").glob("python*/site-packages"))
    heavy = ("torch", "carla", "functorch", "nvidia", "triton", "stable_baselines3")
    for folder in {Path(p) for p in sys.path if p.endswith("site-packages")}:
        for entry in folder.iterdir():
            if not entry.name.startswith(heavy) and not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)
    return home / "bin" / "python"


def test_logs_are_read_where_neither_torch_nor_carla_is_installed(bare_python, bad, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def run(*command):
        return subprocess.run([bare_python, *command], capture_output=True, text=True, env=environment, cwd=tmp_path)

    for package in ("torch", "carla"):
        assert "ModuleNotFoundError" in run("-c", f"import {package}").stderr
    diagnosed = run("-m", "av_td3.cli.tools", "diagnose", bad, "--json")
    assert json.loads(diagnosed.stdout)["findings"][0]["rule"] == "feature_exploitation", diagnosed.stderr
    assert run("-m", "av_td3.cli.tools", "gate", bad).returncode == 1
    for command in (("report", bad), ("compare", bad, bad)):
        done = run("-m", "av_td3.cli.tools", *command, "--output", tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not SEED_LOGS.exists(), reason="the logs of the exploded runs are not here")
def test_the_runs_that_exploded_are_diagnosed_from_a_shell_within_three_seconds_each(tmp_path):
    command = [sys.executable, "-m", "av_td3.cli.tools", "diagnose", str(SEED_LOGS), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=9.0)
    runs = json.loads(done.stdout)
    assert [run["verdict"] for run in runs] == ["NO-GO"] * 3
    assert [run["findings"][0]["rule"] for run in runs] == ["feature_exploitation"] * 3


def test_jobs_that_slurm_does_not_run_cannot_be_cancelled(capsys, tmp_path):
    code, out, err = said(capsys, "sweep", tmp_path, "--cancel-doomed")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "has no slurm_jobs.json; only jobs that hydra/launcher=slurm submitted can be cancelled" in err
    with pytest.raises(SystemExit):
        main(["sweep", str(tmp_path), "--cancel-doomed", "--watch"])


def test_a_sweep_of_a_cluster_that_cannot_be_asked_is_shown_with_a_note(capsys, tmp_path, monkeypatch):
    write_run(tmp_path / "0", status={"state": "running", "step": 7}, trajectories=False)
    (tmp_path / "slurm_jobs.json").write_text('{"cluster": "elsewhere", "jobs": {"0": ["13_0"]}, "cancelled": {}}')
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, _ = said(capsys, "sweep", tmp_path)
    assert (code, "running at 7" in out) == (0, True)
    assert "cluster elsewhere cannot be asked from here" in " ".join(out.split())
    assert said(capsys, "sweep", tmp_path, "--cancel-doomed")[0] == 3


def test_csv_of_a_sweep_holds_full_numbers(capsys, tmp_path):
    for number, norm in enumerate(("1", "10")):
        overrides = [f"algorithm.gradient_clipping.actor_max_norm={norm}"]
        write_run(tmp_path / str(number), healthy() | {"eval/reward": series([0.0, 1 / 3])}, overrides)
    assert said(capsys, "sweep", tmp_path)[0] == 0
    rows = list(csv.DictReader((tmp_path / "sweep.csv").open()))
    assert [row["algorithm.gradient_clipping.actor_max_norm"] for row in rows] == ["1", "10"]
    assert float(rows[0]["evaluation reward"]) == pytest.approx(1 / 3, rel=1e-6)
