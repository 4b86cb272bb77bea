import os
import re
import signal
import subprocess
import sys
import time

import pytest

from av_td3.cli.tools import main
from av_td3.cli.watch import tunnel_command
from tests.conftest import ROOT
from tests.watch.frames import run_folder, show
from tests.watch.test_recording import shown


def watching(*arguments):
    command = [sys.executable, "-m", "av_td3", "watch", *map(str, arguments)]
    environment = {name: text for name, text in os.environ.items() if name not in ("SLURM_JOB_ID", "SSH_CONNECTION")}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | {"PYTHONPATH": str(ROOT)},
    )


def said(capsys, *arguments):
    code = main(["watch", *map(str, arguments)])
    return code, capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_address_records_and_ends_with_ctrl_c(tmp_path, number):
    folder = run_folder(tmp_path)
    show(folder, 1)
    with watching(folder, "--record", tmp_path / "drive.mp4") as process:
        line = process.stdout.readline()
        assert re.fullmatch(r"watch \S+ at http://127\.0\.0\.1:\d+/[\w-]{20,}/ until Ctrl-C\n", line)
        for step in (2, 3):
            time.sleep(0.5)
            show(folder, step)
        time.sleep(0.5)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert out == f"3 frames in {tmp_path / 'drive.mp4'}\n"
    assert len(shown(tmp_path / "drive.mp4")) == 3
    assert not (folder / "live" / "watched").exists()


def test_it_ends_with_the_run_and_names_the_report(tmp_path):
    folder = run_folder(tmp_path)
    with watching(folder) as process:
        process.stdout.readline()
        (folder / "report.html").touch()
        (folder / "status.json").write_text('{"state": "done", "step": 1000, "verdict": "GO"}')
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert out == f"this run has ended (done at step 1000, GO); its report is {folder / 'report.html'}\n"


def test_a_run_that_has_ended_is_answered_in_one_line(capsys, tmp_path):
    folder = run_folder(tmp_path, "failed", error="out of memory")
    ending = f"this run has ended (failed at step 40: out of memory); av-td3 report {folder} writes its report"
    assert said(capsys, folder) == (3, f"error: {folder}: {ending}\n")


def test_what_is_no_run_is_answered_in_one_line(capsys, tmp_path):
    assert said(capsys, tmp_path / "none")[1].endswith("none: there is no such folder; name the folder of a running run\n")
    assert said(capsys, tmp_path) == (3, f"error: {tmp_path}: is not the folder of a run, which has a status.json\n")


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["--port", "70000"], "--port=70000: must be 0 (take a free port) or 1 to 65535"),
        (["--record", "drive.avi"], "drive.avi: the name of a video must end with .mp4, .webp or .gif"),
        (["--record", "nowhere/drive.mp4"], "nowhere/drive.mp4: there is no folder nowhere"),
    ],
)
def test_a_wrong_option_is_answered_in_one_line(capsys, tmp_path, options, answer):
    assert said(capsys, run_folder(tmp_path), *options) == (3, f"error: {answer}\n")


def test_a_port_in_use_is_named(capsys, tmp_path):
    folder = run_folder(tmp_path)
    with watching(folder) as process:
        port = re.search(r":(\d+)/", process.stdout.readline())[1]
        code, err = said(capsys, folder, "--port", port)
        process.kill()
    assert (code, err) == (3, f"error: --port={port}: cannot listen on 127.0.0.1:{port}: Address already in use\n")


def test_a_tunnel_is_named_where_the_machine_is_reached_over_the_network():
    node = os.uname().nodename
    assert tunnel_command(5000, {}) is None
    assert re.fullmatch(rf"ssh -N -L 5000:127\.0\.0\.1:5000 \S+@{node}", tunnel_command(5000, {"SSH_CONNECTION": "1 2 3 4"}))
    job = {"SLURM_JOB_ID": "7", "SLURM_SUBMIT_HOST": "login1"}
    assert tunnel_command(5000, job).startswith("ssh -N -J login1 -L 5000:127.0.0.1:5000 ")
