import pytest
from omegaconf import OmegaConf

from av_td3.config.errors import ConfigError
from av_td3.runs.config_file import write_config
from av_td3.runs.folder import check_folder, is_run, newest_checkpoint_step, simulator_log, worker_log
from av_td3.runs.lock import alone_in
from av_td3.runs.status import write_queued


def composed(**changes):
    return OmegaConf.create(
        {"seed": 0, "total_steps": 9, "algorithm": {}, "resume_with_changes": False, "hardware": {"slurm": {"cpus": 8}}}
        | changes
    )


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def taken(tmp_path):
    """A folder of a run with seed 0."""
    folder = tmp_path / "run"
    with alone_in(folder, lambda: None):
        write_config(folder, composed(), [])
    return folder


@pytest.mark.parametrize("anyway", [False, True])
def test_a_run_of_another_version_is_refused_and_every_byte_stays(taken, anyway):
    before = content(taken)
    with pytest.raises(ConfigError, match=r"holds a run of another version of av-td3: its config has no observation; "):
        check_folder(taken, composed(observation={}, resume_with_changes=anyway))
    assert content(taken) == before


def test_a_run_with_another_config_is_refused_and_every_byte_stays(taken):
    before = content(taken)
    with pytest.raises(ConfigError, match=r"holds a run with another config: seed was 0, is 1; .*resume_with_changes=true"):
        check_folder(taken, composed(seed=1))
    assert content(taken) == before


def test_the_same_config_changes_that_are_allowed_and_what_a_job_asks_for_may_come_back(taken):
    check_folder(taken, composed())
    check_folder(taken, composed(seed=1, resume_with_changes=True))
    check_folder(taken, composed(hardware={"slurm": {"cpus": 4}}))
    check_folder(taken, composed(init_from="outputs/another-run"))  # the key is younger than the run, and of its start only


def test_a_run_from_before_a_key_existed_resumes_with_the_value_that_means_the_same(tmp_path):
    folder, replay = tmp_path / "run", {"storage": "memory"}
    with alone_in(folder, lambda: None):
        write_config(folder, composed(replay=replay), [])
    check_folder(folder, composed(replay=replay | {"fill_with": None}))
    with pytest.raises(ConfigError, match=r"another config: replay.fill_with was null, is pure_pursuit; "):
        check_folder(folder, composed(replay=replay | {"fill_with": "pure_pursuit"}))


def test_what_is_rendered_may_change_and_may_be_missing_in_an_older_run(taken, tmp_path):
    check_folder(taken, composed(render={"width": 480}))
    folder = tmp_path / "newer"
    with alone_in(folder, lambda: None):
        write_config(folder, composed(render={"width": 480}), [])
    check_folder(folder, composed(render={"width": 640}))


def test_a_folder_with_other_things_and_the_working_directory_are_no_place_for_a_run(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("keep me")
    with pytest.raises(ConfigError, match="holds other files, but no run"):
        check_folder(tmp_path, composed())
    (tmp_path / "empty").mkdir()
    check_folder(tmp_path / "empty", composed())
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(ConfigError, match="the working directory"):
        check_folder(tmp_path / "empty", composed())


def test_a_lock_or_a_config_of_something_else_makes_no_run(tmp_path):
    (tmp_path / ".lock").write_text("")
    (tmp_path / "episodes.csv").write_text("precious")
    with pytest.raises(ConfigError, match="holds other files, but no run"):
        check_folder(tmp_path, composed())
    (tmp_path / "config.yaml").write_text("theirs: 1\n")
    with pytest.raises(ConfigError, match=r"its config\.yaml is not the config of a run"):
        check_folder(tmp_path, composed(resume_with_changes=True))


def test_nothing_in_a_stored_config_is_evaluated(taken, tmp_path):
    stored = (taken / "config.yaml").read_text()
    (taken / "config.yaml").write_text(stored + f"name: ${{unused_folder:{tmp_path},evil}}\n")
    with pytest.raises(ConfigError, match="name was"):
        check_folder(taken, composed())
    assert not (tmp_path / "evil").exists()


def test_a_long_list_of_changes_is_cut_short(taken):
    with pytest.raises(ConfigError, match=r"and 5 more; repeat"):
        check_folder(taken, composed(algorithm={f"key_{number}": 1 for number in range(10)}))


def test_a_run_may_be_resumed_from_inside_its_folder(taken, monkeypatch):
    monkeypatch.chdir(taken)
    check_folder(taken, composed())


def test_a_job_may_work_where_it_was_queued(tmp_path):
    write_queued(tmp_path / "0", ["seed=0"])
    check_folder(tmp_path / "0", composed())


def test_a_run_is_seen_from_the_moment_it_is_queued_or_has_begun(tmp_path):
    assert not is_run(tmp_path / "nowhere")
    assert not is_run(tmp_path)
    write_queued(tmp_path / "queued", [])
    (tmp_path / "begun" / ".hydra").mkdir(parents=True)
    (tmp_path / "begun" / ".hydra" / "overrides.yaml").write_text("[]")
    assert is_run(tmp_path / "queued")
    assert is_run(tmp_path / "begun")


def test_the_newest_checkpoint_is_that_of_the_largest_step(tmp_path):
    assert newest_checkpoint_step(tmp_path) is None
    for name in ("000000900", "000001000", "1000000000", ".000002000.77", "unusable-000003000", "4-notes"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    assert newest_checkpoint_step(tmp_path) == 1_000_000_000


def test_each_of_several_environments_has_logs_of_its_own(tmp_path):
    assert [simulator_log(tmp_path, 0, 1).name, worker_log(tmp_path, 0, 1).name] == ["simulator.log", "worker.log"]
    assert [simulator_log(tmp_path, 1, 2).name, worker_log(tmp_path, 1, 2).name] == ["simulator-1.log", "worker-1.log"]
