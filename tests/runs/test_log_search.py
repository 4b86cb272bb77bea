"""Which folders are logs."""

import pytest
from torch.utils.tensorboard import SummaryWriter

from av_td3.runs.log_search import find_logs, holds_scalars
from tests.runs.event_files import write_curves


def found(top):
    problems: list[str] = []
    return [str(log.relative_to(top)) for log in find_logs(top, problems)], problems


def curves(folder):
    return write_curves(folder, ["loss", "reward"], range(3))


@pytest.mark.parametrize("stray", ["empty", "young"])
def test_a_stray_file_at_the_top_hides_no_run_below(tmp_path, stray):
    (tmp_path / "events.out.tfevents.1.host").touch() if stray == "empty" else write_curves(tmp_path, ["loss"], [])
    curves(tmp_path / "b")
    curves(tmp_path / "a" / "deep")
    assert found(tmp_path) == ([".", "a/deep", "b"], [])
    assert [holds_scalars(log) for log in find_logs(tmp_path, [])] == [False, True, True]


def test_folders_with_tables_by_their_known_names_are_logs(tmp_path):
    for name in ("progress.csv", "metrics.jsonl", "episodes.csv", "data.csv"):
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        (folder / name).write_text("step,loss\n1,2\n")
    assert found(tmp_path) == (["metrics_jsonl", "progress_csv"], [])


@pytest.mark.parametrize("top", ["", "run", "run/tensorboard"])
def test_nothing_below_a_run_of_ours_is_another_log(tmp_path, top):
    run = tmp_path / "run"
    curves(run / "tensorboard")
    (run / "config.yaml").touch()
    (run / "history.csv").write_text("step,loss\n1,2\n")
    curves(run / "wandb" / "files")
    curves(run / "tensorboard" / "more")
    assert find_logs(tmp_path / top, []) == [run / "tensorboard"]


def test_a_folder_of_another_program_may_hold_a_config_and_runs(tmp_path):
    (tmp_path / "config.yaml").touch()
    curves(tmp_path / "tensorboard" / "a")
    curves(tmp_path / "other")
    assert found(tmp_path)[0] == ["other", "tensorboard/a"]


def test_the_tables_of_a_run_that_has_event_files_as_well_are_left_out(tmp_path):
    (tmp_path / "train.csv").write_text("frame,episode_reward\n1,2\n")
    write_curves(tmp_path / "tb", [], [])
    assert found(tmp_path)[0] == [".", "tb"]
    curves(tmp_path / "tb")
    assert found(tmp_path)[0] == ["tb"]


def test_the_folders_of_add_scalars_and_add_hparams_are_left_out_and_counted(tmp_path):
    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(3):
            writer.add_scalar("reward", 1.0, step)
            writer.add_scalars("loss/all", {"actor": 1.0, "critic": 2.0}, step)
        writer.add_hparams({"lr": 0.1}, {"hparam/reward": 1.0}, run_name="settings")
    curves(tmp_path / "loss_all_over")  # named alike, but with more tags
    curves(tmp_path / "other")
    logs, problems = found(tmp_path)
    assert logs == [".", "loss_all_over", "other"]
    assert problems == [f"{tmp_path}: left out 3 folder(s) of add_scalars or add_hparams"]


def test_the_folders_of_add_scalars_are_logs_if_they_hold_the_only_scalars(tmp_path):
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalars("loss", {"actor": 1.0, "critic": 2.0}, 1)
    assert found(tmp_path) == ([".", "loss_actor", "loss_critic"], [])
