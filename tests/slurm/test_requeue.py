"""Jobs that lose their node: each is requeued and ends like an uninterrupted run."""

from itertools import pairwise

import pytest

from av_td3.runs.episodes import read_episodes
from av_td3.runs.folder import newest_checkpoint_step
from tests.slurm.sweeps import LONG, OURS, STEPS, output, pids_in, submitted
from tests.system.runs import status, until
from tests.system.same_run import assert_same_run


@pytest.fixture
def job(lab, tmp_path):
    """Submits a job and returns its folder after some updates."""
    opened = []

    def submit(*overrides):
        sweep = tmp_path / "sweep"
        context = submitted(lab, sweep, *LONG, *OURS, "seed=0", *overrides)
        opened.append((context, context.__enter__(), sweep))
        until(lambda: (sweep / "0" / "status.json").exists() and status(sweep / "0")["step"] > 300, "learning", 90.0)
        return sweep / "0"

    yield submit
    for context, _, _ in opened:
        context.__exit__(None, None, None)
    submit.opened = opened


def wait_for_end(lab, folder, unbroken, restarts=1):
    until(lambda: status(folder)["state"] == "done" and not lab.jobs(), "the end of the run", 200.0)
    written = status(folder)
    assert (written["error"], written["step"]) == (None, STEPS)
    assert written["restarts"] >= restarts
    assert_same_run(folder, unbroken)
    until(lambda: "1 run: 1 done" in " ".join(output(folder.parent).split()), "the sweep summary", 60.0)
    until(lambda: not pids_in(folder), "the end of all processes")


def job_id(lab):
    return next(iter(lab.jobs()))


def test_a_job_that_reaches_its_time_limit(lab, job):
    """It is so long that it reaches the limit on any machine, and is not waited for."""
    limit = ("hardware.slurm.timeout_min=1", "hardware.slurm.signal_delay=45", "checkpoint.grace=15")
    folder = job("total_steps=1000000", "scenario.max_episode_steps=100", *limit)
    until(lambda: status(folder)["restarts"] >= 1, "the first restart", 120.0)
    resumed_at = newest_checkpoint_step(folder)
    until(lambda: read_episodes(folder)[-1].step > resumed_at, "an episode after the restart", 90.0)
    rows = read_episodes(folder)
    assert [row.episode for row in rows] == list(range(len(rows)))
    assert all(earlier.step <= later.step for earlier, later in pairwise(rows))


def test_a_job_that_a_higher_partition_pushes_out(lab, job, unbroken):
    folder = job()
    script = folder.parent.parent / "urgent.sh"
    script.write_text("#!/bin/bash\nsleep 1\n")
    lab.run("sbatch", "-p", "high", "-N2", "-o", "/dev/null", str(script))
    wait_for_end(lab, folder, unbroken)


def test_a_job_that_an_administrator_requeues(lab, job, unbroken):
    folder = job()
    lab.run("scontrol", "requeue", job_id(lab))
    wait_for_end(lab, folder, unbroken)


def test_a_job_whose_node_dies(lab, job, unbroken):
    folder = job()
    node = lab.run("squeue", "-h", "-o", "%N").stdout.strip()
    lab.kill_node(node)
    until(lambda: not pids_in(folder), "the death of the run")
    # Started again at once, the node can get a late order to kill the job, and obey it although the job has come back.
    until(lambda: status(folder)["restarts"] == 1, "the job on the other node", 120.0)
    wait_for_end(lab, folder, unbroken)
    lab.start_node(node)
    lab.until_nodes_are_ready()
