"""What SLURM's commands print, as text; tests/slurm asks the real ones."""

import pytest

from av_td3.cluster.slurm_queue import cancel, cluster_name, final_states, queued

# Of SLURM 22.05, with an accounting database: elements that were cancelled before they started share a row.
SACCT = """JobID|State
13_0|COMPLETED
13_0.batch|COMPLETED
13_1|CANCELLED by 0
13_2|OUT_OF_MEMORY
13_[3-4%2]|CANCELLED by 0
48|NODE_FAIL
"""


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Put a command first on the path that prints a text and ends with a code."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def make(name, text="", code=0, stream=1):
        (tmp_path / name).write_text(f"#!/bin/sh\ncat >&{stream} <<'END'\n{text}\nEND\nexit {code}\n")
        (tmp_path / name).chmod(0o755)

    return make


def test_how_jobs_ended_is_read_from_the_accounting(command):
    command("sacct", SACCT)
    assert final_states(["13_0", "13_1", "13_2", "13_4", "48", "50"]) == {
        "13_0": "COMPLETED",
        "13_1": "CANCELLED",
        "13_2": "OUT_OF_MEMORY",
        "13_4": "CANCELLED",
        "48": "NODE_FAIL",
    }


def test_a_site_without_accounting_knows_no_end(command):
    command("sacct", "Slurm accounting storage is disabled", code=1, stream=2)
    assert final_states(["13_0"]) == {}


def test_the_queue_holds_elements_of_arrays_by_their_numbers(command):
    command("squeue", "13_0\n13_10\n48")
    assert queued(["13_0", "13_1", "48", "50"]) == {"13_0", "48"}


def test_a_job_that_slurm_has_forgotten_is_not_in_the_queue(command):
    command("squeue", "slurm_load_jobs error: Invalid job id specified", code=1, stream=2)
    assert queued(["13_0"]) == set()


def test_a_controller_that_does_not_answer_says_nothing_of_any_job(command):
    command("squeue", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)", code=1, stream=2)
    command("scontrol", "slurm_load_ctl_conf error: Unable to contact slurm controller", code=1, stream=2)
    assert queued(["13_0"]) is None
    assert cluster_name() is None


def test_the_cluster_is_named_by_its_configuration(command):
    command(
        "scontrol",
        "Configuration data as of 2026-11-26T07:51:46\nClusterName             = lab\nCommunicationParameters = (null)",
    )
    assert cluster_name() == "lab"


def test_a_job_that_is_not_ours_is_not_cancelled(command):
    command("scancel", "scancel: error: Kill job error on job id 13: Access/permission denied", code=1, stream=2)
    assert cancel("13_0") == "scancel: error: Kill job error on job id 13: Access/permission denied"
    command("scancel")
    assert cancel("13_0") is None


def test_without_slurm_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (cluster_name(), queued(["13_0"]), final_states(["13_0"])) == (None, None, {})
    assert "scancel" in cancel("13_0")
