"""A run that is watched vs. one that is not."""

import json
import time
import urllib.request

from tests.cli.test_watch import watching
from tests.system.runs import SMALL, started, until
from tests.system.same_run import assert_same_run

RUN = (*SMALL, "network=small_cnn", "scenario=suburb_empty", "total_steps=200", "evaluation.every_steps=120")


def test_a_watched_run_is_bit_equal_to_one_that_nobody_watches(tmp_path):
    watched, alone = tmp_path / "watched" / "run", tmp_path / "alone" / "run"
    for folder in (watched, alone):
        folder.parent.mkdir()
    with started(watched, *RUN) as run:
        until(lambda: (watched / "status.json").is_file(), "the run's folder")
        steps = steps_seen(watched, tmp_path / "drive.mp4")
        assert run.wait(timeout=200) == 0
    with started(alone, *RUN) as run:
        assert run.wait(timeout=200) == 0
    assert len(steps) > 5
    assert max(steps) <= 200
    assert (tmp_path / "drive.mp4").stat().st_size > 1000
    assert not (watched / "live").exists()
    assert_same_run(watched, alone)


def steps_seen(folder, video):
    """Watch a run until its end; returns the environment steps whose frames were seen."""
    steps = set()
    with watching(folder, "--record", video) as process:
        address = process.stdout.readline().split()[3]
        while process.poll() is None:
            try:
                with urllib.request.urlopen(f"{address}state", timeout=5) as answer:
                    frame = json.load(answer)["frame"]
            except OSError:  # the run has ended
                break
            steps |= {frame["step"]} if frame else set()
            time.sleep(0.05)
        assert process.wait(timeout=20) == 0, process.stderr.read()
    return steps
