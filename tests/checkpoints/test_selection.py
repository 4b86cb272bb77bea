import json
import re
import shutil

import pytest
import torch

from av_td3.checkpoints.selection import find_checkpoint, read_checkpoint
from av_td3.config.errors import ConfigError
from tests.checkpoints.saved import Saved, flip


@pytest.fixture
def run(tmp_path):
    return Saved(tmp_path, keep=9).save(10, 20, 30, scores=[1.0, 9.0, 3.0])


@pytest.mark.parametrize(("which", "step"), [("best", 20), ("last", 30), ("10", 10), ("000000030", 30)])
def test_a_checkpoint_is_found_by_score_age_or_step(run, which, step):
    assert find_checkpoint(run.folder, which) == run.place(step)


def test_without_a_choice_it_is_the_last(run):
    assert find_checkpoint(run.folder) == run.place(30)


@pytest.mark.parametrize(
    ("scores", "best"),
    [([None, None, None], 30), ([-5.0, None, None], 10), ([4.0, 4.0, 1.0], 20), ([1.0, float("nan"), None], 10)],
)
def test_the_best_was_evaluated_if_any_was_and_is_the_newest_of_equals(tmp_path, scores, best):
    run = Saved(tmp_path, keep=9).save(10, 20, 30, scores=scores)
    assert find_checkpoint(tmp_path, "best") == run.place(best)


def test_the_folder_of_one_checkpoint_is_that_checkpoint(run, monkeypatch):
    monkeypatch.chdir(run.place(10))
    for path in (run.place(10), run.place(10).relative_to(run.place(10))):
        assert [find_checkpoint(path, which) for which in ("best", "last", "10")] == [run.place(10)] * 3
    with pytest.raises(ConfigError, match=r"^checkpoint=20: no such checkpoint; .* has 10$"):
        find_checkpoint(run.place(10), "20")


def test_the_state_is_read_without_the_replay_and_nothing_is_changed(run):
    shutil.rmtree(run.folder / "replay")
    before = run.content()
    step, state = read_checkpoint(find_checkpoint(run.folder, "20"))
    assert (step, state["step"]) == (20, 20)
    assert torch.equal(state["weights"], torch.full((2,), 20.0))
    assert run.content() == before


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("40", "checkpoint=40: no such checkpoint; {} has 10, 20, 30"),
        ("newest", "checkpoint=newest: must be last, best or a step; {} has 10, 20, 30"),
        ("-1", "checkpoint=-1: must be last, best or a step"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(run, which, words):
    with pytest.raises(ConfigError, match="^" + re.escape(words.format(run.folder))):
        find_checkpoint(run.folder, which)


def test_a_folder_without_checkpoints_is_named(tmp_path):
    for folder, words in (("nowhere", "no such folder"), ("", "no checkpoints/ in it")):
        with pytest.raises(ConfigError, match=f"not the folder of a run or of a checkpoint \\({words}\\)"):
            find_checkpoint(tmp_path / folder)
    (tmp_path / "checkpoints" / "unusable-000000010").mkdir(parents=True)
    with pytest.raises(ConfigError, match="this run has no checkpoint yet"):
        find_checkpoint(tmp_path)


def test_a_damaged_one_is_an_error_and_never_replaced_by_another(run):
    flip(run.place(30) / "state.pt")
    with pytest.raises(ConfigError, match=r"000000030 cannot be used: state\.pt is damaged: .*by its step: 10, 20$"):
        read_checkpoint(find_checkpoint(run.folder, "last"))
    (run.place(20) / "manifest.json").write_text("{")
    with pytest.raises(ConfigError, match=r"000000020 cannot be used: manifest\.json cannot be read .*: 10, 30$"):
        find_checkpoint(run.folder, "best")  # it may be the best
    assert find_checkpoint(run.folder, "10") == run.place(10)
    shutil.rmtree(run.place(10))
    shutil.rmtree(run.place(20))
    with pytest.raises(ConfigError, match=r"the run has no other$"):
        read_checkpoint(run.place(30))


def test_one_of_a_newer_program_is_said_to_be_of_it(run):
    path = run.place(30) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(ConfigError, match="000000030 cannot be used: its format is 99, that of av-td3"):
        find_checkpoint(run.folder, "best")
