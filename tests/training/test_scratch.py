import shutil

import pytest

from av_td3.config.errors import ConfigError
from av_td3.config.hardware import expanded
from av_td3.runs.errors import RunFailed
from av_td3.training.checkpoint import Checkpoints
from av_td3.training.scratch import ScratchCheckpoints, open_checkpoints
from tests.conftest import compose_config
from tests.replay.builders import draw_the_same
from tests.training.saved import Saved

NEVER = 1e9


@pytest.fixture
def node(tmp_path):
    """A run whose checkpoints are on the disk of this node, and that node's processes one after the other."""

    def process(name="n1", copy_every=NEVER):
        scratch = str(tmp_path / name)
        return Saved(tmp_path / "run", kind=lambda folder, keep: ScratchCheckpoints(folder, scratch, keep, copy_every))

    (tmp_path / "run").mkdir()
    return process


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_checkpoints_are_written_to_scratch_and_copied_when_the_process_ends(node, tmp_path):
    run = node().save(10, 20, 30)
    assert names(run.checkpoints.work / "checkpoints") == ["000000020", "000000030"]
    assert names(tmp_path / "run" / "checkpoints") == ["scratch"]
    run.checkpoints.close()
    assert names(tmp_path / "run" / "checkpoints") == ["000000020", "000000030"]
    assert names(tmp_path / "n1") == []
    state, replay = Saved(tmp_path / "run").load()
    assert state["step"] == 30
    assert draw_the_same(replay, run.replay)


def test_the_copy_is_what_would_have_been_written_without_scratch(node, tmp_path):
    node().save(*range(10, 200, 10)).checkpoints.close()
    plain = Saved(tmp_path / "plain").save(*range(10, 200, 10))
    copied = Saved(tmp_path / "run")
    assert {path.relative_to(copied.folder) for path in copied.content()} == {
        path.relative_to(plain.folder) for path in plain.content()
    }
    assert draw_the_same(copied.load()[1], plain.replay)


def test_a_copy_is_due_now_and_then(node, tmp_path):
    run = node(copy_every=0.0).save(10, 20, 30)
    assert run.steps() == [20, 30]
    assert draw_the_same(Saved(tmp_path / "run").load()[1], run.replay)


def test_the_run_resumes_on_another_node_from_what_was_copied(node):
    run = node("n1").save(10, 20)
    run.checkpoints.copy_back()
    run.save(30)  # and the node fails
    other = node("n2")
    assert other.load()[0]["step"] == 20
    other.save(40).checkpoints.close()
    assert node("n1").load()[0]["step"] == 40, "what the first node has is of another course"


def test_after_a_kill_the_run_resumes_on_the_same_node_from_what_was_not_copied(node):
    run = node().save(10, 20)
    state, replay = run.load()
    assert state["step"] == 20
    assert draw_the_same(replay, run.replay)


def test_a_process_killed_while_it_fetched_the_checkpoints_fetches_them_again(node, tmp_path):
    Saved(tmp_path / "run").save(10, 20)
    killed = node().checkpoints
    shutil.copytree(tmp_path / "run" / "checkpoints" / "000000010", killed.work / "checkpoints" / "000000010")
    assert node().load()[0]["step"] == 20


def test_a_run_that_began_without_scratch_goes_on_with_it_and_without_again(node, tmp_path):
    plain = Saved(tmp_path / "run").save(10)
    run = node()
    assert run.load()[0]["step"] == 10
    run.checkpoints.close()
    assert plain.load()[0]["step"] == 10


def test_checkpoints_that_were_deleted_are_missed(node, tmp_path):
    Saved(tmp_path / "run").save(10)
    shutil.rmtree(tmp_path / "run" / "checkpoints" / "000000010")
    with pytest.raises(RunFailed, match="has lost its checkpoints"):
        node().load()


def test_where_the_copy_fails_scratch_stays_and_is_named(node, tmp_path, monkeypatch):
    run = node().save(10)
    monkeypatch.setattr(shutil, "copytree", _full)
    with pytest.raises(
        RunFailed, match=rf"cannot be copied to {tmp_path / 'run'}: .*full; they stay in {run.checkpoints.work}"
    ):
        run.checkpoints.close()
    monkeypatch.undo()
    assert node().load()[0]["step"] == 10


def _full(*_):
    raise OSError("the disk is full")


def test_messages_name_the_checkpoint_where_it_will_be(node, tmp_path):
    assert node().save(10).checkpoints.newest() == tmp_path / "run" / "checkpoints" / "000000010"


def test_environment_variables_are_those_of_the_node(monkeypatch, tmp_path):
    monkeypatch.setenv("NODE_DISK", str(tmp_path))
    assert expanded("$NODE_DISK/me") == f"{tmp_path}/me"


@pytest.mark.parametrize(
    ("scratch", "message"),
    [
        ("$NOT_SET_ANYWHERE", r"hardware.scratch=\$NOT_SET_ANYWHERE: this environment variable is not set here"),
        ("local", "hardware.scratch=local: must be an absolute path"),
        ("/proc/none", r"hardware.scratch=/proc/none: cannot create a folder there \(No such file or directory\)"),
    ],
)
def test_an_unusable_place_is_refused(scratch, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        open_checkpoints(compose_config(f"hardware.scratch='{scratch}'"), tmp_path)


def test_without_scratch_the_runs_folder_is_written_directly(tmp_path):
    checkpoints = open_checkpoints(compose_config(), tmp_path)
    assert type(checkpoints) is Checkpoints
    assert checkpoints.work == tmp_path
