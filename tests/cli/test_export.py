import pytest

from av_td3.cli.tools import main
from tests.policies.saved_policy import write_policy


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "run"
    write_policy(folder, scores=[(10, 5.0), (20, 1.0)])
    return folder


def said(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_it_prints_what_it_has_written_into_the_run(capsys, run):
    code, out, err = said(capsys, "export", run, "--format", "torchscript")
    files = [run / "export" / "policy.pt", run / "export" / "model_card.md"]
    assert (code, out.split(), err) == (0, [str(path) for path in files], "")
    assert "environment step 20 of" in files[1].read_text()


def test_another_checkpoint_and_folder_can_be_named(capsys, run, tmp_path):
    for which, step in (("best", 10), ("10", 10)):
        code, _, _ = said(capsys, "export", run, "--format", "onnx", "--checkpoint", which, "--output", tmp_path / which)
        assert code == 0
        assert f"environment step {step} of" in (tmp_path / which / "model_card.md").read_text()
        assert (tmp_path / which / "policy.onnx").stat().st_size > 10_000
    place = run / "checkpoints" / "000000020"
    assert said(capsys, "export", place, "--format", "torchscript", "--output", tmp_path / "one")[0] == 0
    assert "environment step 20 of" in (tmp_path / "one" / "model_card.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere: not the folder of a run or of a checkpoint (no such folder)"),
        (["RUN", "--checkpoint", "30"], "checkpoint=30: no such checkpoint; "),
        (["RUN", "--output", "RUN/config.yaml/a"], "config.yaml/a: Not a directory"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line_with_exit_code_3(capsys, run, arguments, words):
    code, out, err = said(capsys, "export", *(text.replace("RUN", str(run)) for text in arguments), "--format", "torchscript")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert words in err


def test_a_format_must_be_named(capsys, run):
    for more in ([], ["--format", "pickle"]):
        with pytest.raises(SystemExit) as ended:
            main(["export", str(run), *more])
        assert ended.value.code == 3
        assert "--format" in capsys.readouterr().err


def test_classes_of_another_package_are_used_if_it_is_named(capsys, tmp_path, monkeypatch):
    write_policy(tmp_path / "run", "observation.vector.speed._target_=tests.policies.own_entry.Doubled")
    command = ("export", tmp_path / "run", "--format", "torchscript")
    code, out, err = said(capsys, *command)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "(tests.policies.own_entry.Doubled); if you trust them, name the packages: tests" in err
    assert said(capsys, *command, "--package", "tests")[0] == 0
