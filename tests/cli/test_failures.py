"""Every failure of a tool is one line, with an exit code that is not a verdict."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from av_td3.cli import read_tools
from av_td3.cli.tools import main
from tests.conftest import ROOT
from tests.diagnostics.logs import healthy, series
from tests.report.folders import write_run

TOOL = (sys.executable, "-m", "av_td3")
TOOLS = ("diagnose", "gate", "report")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "good")


def said(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def shell(command, folder, **more):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TOOL": " ".join(TOOL), "PYTHONUNBUFFERED": ""}
    options = {"capture_output": True, "text": True, "env": environment, "cwd": folder, "timeout": 120}
    return subprocess.run(["bash", "-c", command], **(options | more))


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("setting", ["foo", "=1", "nope.nope=1", "a=b", "algorithm.batch_size=abc"])
def test_an_invalid_setting_is_refused_by_every_tool(capsys, good, tool, setting):
    code, out, err = said(capsys, tool, good, "--set", setting)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert err.startswith(f"error: --set {setting}: ")


@pytest.mark.parametrize("tool", TOOLS)
def test_an_unexpected_error_is_one_line_and_no_verdict(capsys, monkeypatch, good, tool):
    monkeypatch.setattr("av_td3.report.assessment.diagnose", lambda run: 1 + None)
    code, _, err = said(capsys, tool, good)
    assert (code, err.count("\n")) == (3, 1)
    assert err.startswith("error: internal: TypeError: unsupported operand")
    assert "AV_TD3_TRACEBACK=1 shows where" in err
    monkeypatch.setenv("AV_TD3_TRACEBACK", "1")
    assert "Traceback (most recent call last)" in said(capsys, tool, good)[2]


def test_one_unexpected_error_among_several_runs_harms_no_other(capsys, monkeypatch, tmp_path):
    for name in ("a", "b"):
        write_run(tmp_path / name)

    def assess(run):
        return assessment(run) if run.name == "b" else 1 + None

    assessment = read_tools.assess
    monkeypatch.setattr(read_tools, "assess", assess)
    code, out, err = said(capsys, "diagnose", tmp_path)
    assert (code, out.count(": GO\n"), err.count("\n")) == (3, 1, 1)
    assert f"(reading {tmp_path / 'a' / 'tensorboard'})" in err


def test_a_reader_that_leaves_early_gets_no_traceback_and_the_exit_code_stays(good, tmp_path):
    bad = write_run(tmp_path / "bad", healthy() | {"train/actor_loss": series([1e6] * 40)})
    for arguments, code in (("gate --help", 0), (f"diagnose {good} {bad}", 0), (f"gate {bad}", 1), (f"gate {bad} --json", 1)):
        done = shell(f"$TOOL {arguments} | head -c 0; echo ${{PIPESTATUS[0]}}", tmp_path)
        assert (done.stdout, done.stderr) == (f"{code}\n", "")


@pytest.mark.parametrize("arguments", ["gate {} --json", "gate {}", "diagnose {}"])
def test_output_that_cannot_be_written_is_no_verdict(good, tmp_path, arguments):
    done = shell(f"$TOOL {arguments.format(good)} > /dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (3, "error: No space left on device\n")


def test_pages_that_cannot_be_written_whole_are_not_written(good, tmp_path):
    done = shell(f"ulimit -f 1; $TOOL report {good} --output out", tmp_path)  # a file may have 1 kB
    assert done.returncode == 3
    assert done.stderr == "error: out: cannot write there (File too large); choose another folder with --output\n"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_in_place_of_the_output_folder_is_named(capsys, good, tmp_path):
    (tmp_path / "file").touch()
    for command in (("report", good), ("compare", good, good), ("sweep", good.parent)):
        code, out, err = said(capsys, *command, "--output", tmp_path / "file")
        assert (code, out) == (3, "")
        assert err == f"error: {tmp_path / 'file'}: cannot write there (File exists); choose another folder with --output\n"


def test_an_interrupted_tool_says_so(tmp_path):
    write_run(tmp_path / "0", status={"state": "running", "step": 10})
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [*TOOL, "sweep", str(tmp_path), "--watch"]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert watching.stdout.readline()
    time.sleep(0.2)
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=60)
    assert (watching.returncode, err) == (130, "error: interrupted\n")


@contextlib.contextmanager
def as_nobody():
    """Run without the privileges of root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_what_may_not_be_read_is_named_and_the_rest_is_diagnosed(capsys, tmp_path):
    for own in (tmp_path, *(above for above in tmp_path.parents if above.name.startswith(("pytest-", "popen-")))):
        own.chmod(0o755)  # pytest's folders, and nothing above them
    for name in ("open", "folder", "file"):
        write_run(tmp_path / name, overrides=[f"seed={len(name)}"])
    closed, log = tmp_path / "folder", tmp_path / "file" / "tensorboard" / "events.out.tfevents.1.host.1.0"
    closed.chmod(0)
    log.chmod(0)
    for tool in ("report", "sweep"):  # what they import late is root's to read
        said(capsys, tool, tmp_path, "--output", tmp_path / "first")
    output = tmp_path / "output"
    output.mkdir(mode=0o555)
    with as_nobody():
        diagnosed = said(capsys, "diagnose", tmp_path / "open", closed, tmp_path / "file")
        below = said(capsys, "diagnose", tmp_path)
        refused = said(capsys, "report", tmp_path / "open", "--output", output)
        swept = said(capsys, "sweep", tmp_path, "--output", output)
        only = said(capsys, "gate", closed)
    closed.chmod(0o755)
    assert (diagnosed[0], diagnosed[1].count(": GO\n"), diagnosed[2].count("\n")) == (0, 1, 2)
    assert f"error: {closed}: Permission denied\n" in diagnosed[2]
    assert f"{log.name}: Permission denied" in diagnosed[2]
    assert (below[0], below[1].count(": GO\n"), below[2].count("\n")) == (0, 1, 2)
    assert (only[0], only[2]) == (3, f"error: {closed}: Permission denied\n")
    for tool in (refused, swept):
        assert tool[0] == 3
        assert tool[2] == f"error: {output}: cannot write there (Permission denied); choose another folder with --output\n"


@pytest.mark.parametrize("content", [b"- 1\n", b"5\n", b"a: [", b"max_q: [5]\n", b"a: &a [*a]\n", b"\xff\xfe"])
def test_a_gate_of_ones_own_that_is_none_is_refused_in_one_line(capsys, good, tmp_path, content):
    path = tmp_path / "gate.yaml"
    path.write_bytes(content)
    code, out, err = said(capsys, "gate", good, "--gate", path)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert err.startswith(f"error: gate {path}: ")
    assert len(err) < 1100


def test_a_gate_of_ones_own_need_not_repeat_the_default(capsys, good, tmp_path):
    path = tmp_path / "gate.yaml"
    path.write_text("max_q: 0.001\n")
    code, out, _ = said(capsys, "gate", good, "--gate", path, "--json")
    wanted = {row["name"]: row["wanted"] for row in json.loads(out)["criteria"]}
    assert (code, wanted["|Q|"], wanted["|actor loss|"]) == (1, "at most 0.001", "at most 1000")


def test_an_empty_name_is_not_the_current_folder(capsys, good, monkeypatch):
    monkeypatch.chdir(good)
    for tool in (*TOOLS, "sweep"):
        with pytest.raises(SystemExit) as ended:
            main([tool, ""])
        assert ended.value.code == 3
        assert "an empty name is not a file or folder" in capsys.readouterr().err
