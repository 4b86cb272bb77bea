import multiprocessing
import time

import pytest
from omegaconf import OmegaConf

from av_td3.config.errors import ConfigError
from av_td3.runs import folder as run_folder
from av_td3.runs.folder import alone_in, check_folder, is_in_use, record, sign


def composed(**changes):
    return OmegaConf.create(
        {"seed": 0, "total_steps": 9, "algorithm": {}, "resume_with_changes": False, "hardware": {"slurm": {"cpus": 8}}}
        | changes
    )


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def taken(tmp_path):
    """A folder that holds a run with seed 0."""
    folder = tmp_path / "run"
    with alone_in(folder, lambda: None):
        record(folder, composed())
    return folder


def test_a_run_with_another_config_is_refused_and_every_byte_stays(taken):
    before = content(taken)
    with pytest.raises(ConfigError, match=r"holds a run with another config: seed was 0, is 1; .*resume_with_changes=true"):
        check_folder(taken, composed(seed=1))
    assert content(taken) == before


def test_the_same_config_changes_that_are_allowed_and_what_a_job_asks_for_may_come_back(taken):
    check_folder(taken, composed())
    check_folder(taken, composed(seed=1, resume_with_changes=True))
    check_folder(taken, composed(hardware={"slurm": {"cpus": 4}}))


def test_a_folder_with_other_things_and_the_working_directory_are_no_place_for_a_run(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("keep me")
    with pytest.raises(ConfigError, match="holds other files and no run"):
        check_folder(tmp_path, composed())
    (tmp_path / "empty").mkdir()
    check_folder(tmp_path / "empty", composed())
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(ConfigError, match="the working directory"):
        check_folder(tmp_path / "empty", composed())


def test_a_lock_or_a_config_of_something_else_makes_no_run(tmp_path):
    (tmp_path / ".lock").write_text("")
    (tmp_path / "episodes.csv").write_text("precious")
    with pytest.raises(ConfigError, match="holds other files and no run"):
        check_folder(tmp_path, composed())
    (tmp_path / "config.yaml").write_text("theirs: 1\n")
    with pytest.raises(ConfigError, match=r"its config\.yaml is not that of a run"):
        check_folder(tmp_path, composed(resume_with_changes=True))


def test_a_lock_that_links_elsewhere_is_not_followed(tmp_path):
    (tmp_path / "precious.txt").write_text("keep me")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "precious.txt")
    with pytest.raises(OSError, match="symbolic links"), alone_in(tmp_path / "run", lambda: None):
        pytest.fail("entered")
    assert (tmp_path / "precious.txt").read_text() == "keep me"


def test_nothing_in_a_stored_config_is_evaluated(taken, tmp_path):
    stored = (taken / "config.yaml").read_text()
    (taken / "config.yaml").write_text(stored + f"name: ${{unused_folder:{tmp_path},evil}}\n")
    with pytest.raises(ConfigError, match="name was"):
        check_folder(taken, composed())
    assert not (tmp_path / "evil").exists()


def test_a_long_list_of_changes_is_cut_short(taken):
    with pytest.raises(ConfigError, match=r"and 5 more; choose"):
        check_folder(taken, composed(**{f"key_{number}": 1 for number in range(10)}))


def test_a_run_may_be_resumed_from_inside_its_folder(taken, monkeypatch):
    monkeypatch.chdir(taken)
    check_folder(taken, composed())


def hold(folder, entered, leave):
    with alone_in(folder, lambda: None) as lock:
        sign(lock)
        record(folder, composed(seed=5))
        entered.set()
        leave.wait(20)


@pytest.fixture
def held(tmp_path):
    """A folder in which another process works."""
    folder, spawn = tmp_path / "run", multiprocessing.get_context("fork")
    entered, leave = spawn.Event(), spawn.Event()
    process = spawn.Process(target=hold, args=(folder, entered, leave))
    process.start()
    assert entered.wait(20)
    yield folder
    leave.set()
    process.join()


def test_a_folder_in_use_is_refused_after_a_while_and_says_who_uses_it(held, monkeypatch):
    monkeypatch.setattr(run_folder, "LOCK_TIMEOUT", 0.3)
    before = content(held)
    with pytest.raises(ConfigError, match=r"is in use by another process \(pid \d+ on "), alone_in(held, lambda: None):
        pytest.fail("entered")
    assert content(held) == before


def test_a_config_that_differs_is_refused_at_once_where_another_process_works(held, monkeypatch):
    monkeypatch.setattr(run_folder, "LOCK_TIMEOUT", 1e9)
    began = time.monotonic()
    with (
        pytest.raises(ConfigError, match="seed was 5, is 0"),
        alone_in(held, lambda: check_folder(held, composed())),
    ):
        pytest.fail("entered")
    assert time.monotonic() - began < 10.0  # the other process stays twice as long


def test_who_works_in_a_folder_is_seen_by_others(held, tmp_path):
    assert is_in_use(held)
    assert not is_in_use(tmp_path)
