import pytest

from av_td3.cluster import code_digest
from av_td3.config.errors import ConfigError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A tree in place of ours."""
    for name in ("av_td3", "conf", "tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "av_td3" / "reward.py").write_text("x = 1\n")
    (tmp_path / "conf" / "config.yaml").write_text("seed: 0\n")
    monkeypatch.setattr(code_digest, "PACKAGE", tmp_path / "av_td3")
    monkeypatch.setattr(code_digest, "CONF", tmp_path / "conf")
    return tmp_path


def test_jobs_start_with_the_code_they_were_submitted_with(tree, tmp_path):
    sweep = tmp_path / "sweep"
    code_digest.freeze(sweep, [], [])
    code_digest.check_frozen(sweep)
    (tree / "tests" / "test_x.py").write_text("assert True\n")  # decides nothing
    code_digest.check_frozen(sweep)


@pytest.mark.parametrize(
    ("name", "content"), [("av_td3/reward.py", "x = 2\n"), ("conf/config.yaml", "seed: 1\n"), ("av_td3/new.py", "")]
)
def test_an_edit_after_the_submission_is_refused_until_it_is_allowed(tree, tmp_path, name, content):
    sweep = tmp_path / "sweep"
    code_digest.freeze(sweep, [], [])
    (tree / name).write_text(content)
    with pytest.raises(ConfigError, match=r"was edited after .*sweep was submitted: restore it, or delete .*code\.json"):
        code_digest.check_frozen(sweep)
    (sweep / "code.json").unlink()
    code_digest.check_frozen(sweep)


def test_a_single_run_is_not_frozen(tmp_path):
    code_digest.check_frozen(tmp_path)


def test_a_folder_that_holds_another_sweep_is_refused_untouched(tree, tmp_path):
    sweep = tmp_path / "sweep"
    code_digest.freeze(sweep, [["seed=0"], ["seed=1"]], ["0", "1"])
    before = (sweep / "code.json").read_bytes()
    code_digest.check_same_jobs(sweep, [["seed=0"], ["seed=1"]])  # its own command, repeated
    with pytest.raises(ConfigError, match=r"holds another sweep, of 2 jobs \(seed=0, \.\.\.\)"):
        code_digest.check_same_jobs(sweep, [["seed=7"]])
    assert (sweep / "code.json").read_bytes() == before
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").write_text("x")
    with pytest.raises(ConfigError, match="holds other files, but no sweep"):
        code_digest.check_same_jobs(tmp_path / "notes", [["seed=0"]])
