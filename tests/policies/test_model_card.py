import json
import re

import numpy as np
import pytest

from av_td3 import load_policy
from av_td3.policies.model_card import model_card
from av_td3.report.evaluation_statistics import evaluation_statistics
from av_td3.runs.provenance import write_provenance
from av_td3.runs.scalars import ScalarWriter
from tests.policies.saved_policy import write_policy
from tests.report.evaluations import episodes, of


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy") / "run"
    write_policy(folder, "seed=3", "scenario.town=Loop01", "algorithm.actor_lr=1e-3", scores=[(10, 1.0), (20, 5.0)])
    return folder


def card(run):
    return model_card(load_policy(run), "onnx", "policy.onnx")


def section(text, name):
    return text.partition(f"## {name}\n")[2].partition("\n## ")[0]


def test_it_says_where_the_policy_comes_from(run):
    text = card(run)
    for words in ("`policy.onnx` (onnx, float32)", f"`{run}`", "environment step 20 of 20000", "| seed | 3 |", "`Loop01`"):
        assert words in text


def test_it_names_every_number_of_the_input_and_of_the_output(run):
    text = card(run)
    inputs = section(text, "Inputs")
    labels = load_policy(run).config.observation.vector_labels
    assert re.findall(r"^\| (\d+) \| `(\w+)` \|", inputs, re.MULTILINE) == [(str(i), label) for i, label in enumerate(labels)]
    assert "| 1 | `lateral` | `lateral` |\n| 2 | `heading_error` |" in inputs
    lateral = "Distance from the middle of the route's lane, right positive. Args: scale: metres that count as 1."
    assert f"| `lateral` | {lateral} | scale=1.75 |" in inputs
    assert "| `image` | uint8 | (n, 4, 84, 84) |" in inputs
    assert "| `vector` | float32 | (n, 23) |" in inputs
    assert "the newest 4 frames, oldest first" in inputs
    assert "x=1.5, y=0.0, z=1.6, pitch=-5.0" in inputs
    assert "float32 (n, 2), each component in [-1, 1]: `steering`, `pedal`" in section(text, "Outputs")


def test_it_holds_the_config_and_what_differs_from_the_defaults(run):
    config = section(card(run), "Config")
    assert "| `algorithm.actor_lr` | 0.0003 | 0.001 |" in config
    assert "```yaml\n" + (run / "config.yaml").read_text() in config


def test_it_says_how_the_run_was_evaluated(tmp_path):
    write_policy(tmp_path)
    assert "cannot be read" in section(card(tmp_path), "Evaluation")
    writer = ScalarWriter(tmp_path / "tensorboard")
    writer.write({"eval/reward": 1.0, "train/actor_loss": 3.0}, 10)
    writer.write({"eval/reward": 2.5}, 20)
    writer.close()
    rows = episodes(policies=("mine",), routes=6)
    summary = evaluation_statistics(of(rows), rows).content()
    for name, content in {
        "b": json.dumps({"policies": [{"name": "mine", "driver": "policy"}], "summary": summary}),
        "c": json.dumps({"summary": ["a"]}),
        "d": "{",
        "e": "[]",
    }.items():
        (tmp_path / "evaluation" / name).mkdir(parents=True)
        (tmp_path / "evaluation" / name / "evaluation.json").write_text(content)
    evaluation = section(card(tmp_path), "Evaluation")
    assert "| `eval/reward` | 2.5 | 20 |" in evaluation
    assert "actor_loss" not in evaluation
    mean = np.mean([row.route_completion for row in rows])
    assert re.search(rf"\| mine \| [\d.]+ \([\d.]+ to [\d.]+\) \| {mean:.3g} \(", evaluation)
    assert [name for name in "bcde" if f"evaluation/{name}/" in evaluation] == ["b"]


def test_it_says_which_code_ran(tmp_path):
    write_policy(tmp_path)
    assert "does not say which code" in section(card(tmp_path), "Code")
    write_provenance(tmp_path)
    assert "| torch | " in section(card(tmp_path), "Code")


@pytest.mark.parametrize(("simulator", "words"), [("builtin", "stand-ins for CARLA's"), ("carla", "tested on, a real car")])
def test_it_says_what_the_policy_is_not_good_for(tmp_path, simulator, words):
    write_policy(tmp_path, f"simulator={simulator}")
    limitations = section(card(tmp_path), "Limitations")
    assert words in limitations
    assert ("stand-ins" in limitations) == (simulator == "builtin")
