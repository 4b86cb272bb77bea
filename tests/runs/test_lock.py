import multiprocessing
import time

import pytest

from av_td3.config.errors import ConfigError
from av_td3.runs import lock as run_lock
from av_td3.runs.lock import alone_in, is_in_use, sign


def test_a_lock_that_links_elsewhere_is_not_followed(tmp_path):
    (tmp_path / "precious.txt").write_text("keep me")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "precious.txt")
    with pytest.raises(OSError, match="symbolic links"), alone_in(tmp_path / "run", lambda: None):
        pytest.fail("entered")
    assert (tmp_path / "precious.txt").read_text() == "keep me"


def hold(folder, entered, leave):
    with alone_in(folder, lambda: None) as lock:
        sign(lock)
        (folder / "precious.txt").write_text("theirs")
        entered.set()
        leave.wait(20)


@pytest.fixture
def held(tmp_path):
    """A folder that another process has locked."""
    folder, spawn = tmp_path / "run", multiprocessing.get_context("fork")
    entered, leave = spawn.Event(), spawn.Event()
    process = spawn.Process(target=hold, args=(folder, entered, leave))
    process.start()
    assert entered.wait(20)
    yield folder
    leave.set()
    process.join()


def test_a_folder_in_use_is_refused_after_a_while_and_says_who_uses_it(held, monkeypatch):
    monkeypatch.setattr(run_lock, "LOCK_TIMEOUT", 0.3)
    with pytest.raises(ConfigError, match=r"is in use by another process \(pid \d+ on "), alone_in(held, lambda: None):
        pytest.fail("entered")
    assert (held / "precious.txt").read_text() == "theirs"


def test_a_check_that_fails_ends_the_wait_for_another_process_at_once(held, monkeypatch):
    def refuse():
        raise ConfigError("seed was 5, is 0")

    monkeypatch.setattr(run_lock, "LOCK_TIMEOUT", 1e9)
    began = time.monotonic()
    with pytest.raises(ConfigError, match="seed was 5, is 0"), alone_in(held, refuse):
        pytest.fail("entered")
    assert time.monotonic() - began < 10.0  # the other process stays twice as long


def test_who_works_in_a_folder_is_seen_by_others(held, tmp_path):
    assert is_in_use(held)
    assert not is_in_use(tmp_path)
