import os
import resource
import subprocess
import sys

import pytest

from av_td3.machine import resources
from tests.conftest import ROOT


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Two control groups, one in the other, that this process seems to be in."""
    inner = tmp_path / "job" / "step"
    inner.mkdir(parents=True)
    monkeypatch.setattr(resources, "CGROUPS", tmp_path)
    monkeypatch.setattr(resources, "control_groups", lambda controller: [inner, inner.parent, tmp_path])
    return tmp_path


def test_cores_are_those_that_this_process_may_run_on(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 5})
    monkeypatch.setattr(resources, "control_groups", lambda controller: [])
    assert resources.usable_cores() == 3


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8)]
)
def test_a_quota_of_any_group_around_it_counts(groups, monkeypatch, quota, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    (groups / "job" / "cpu.max").write_text(quota)
    assert resources.usable_cores() == cores


def test_a_quota_of_version_1_counts(groups, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    (groups / "job" / "cpu.cfs_quota_us").write_text("300000\n")
    (groups / "job" / "cpu.cfs_period_us").write_text("100000\n")
    (groups / "cpu.cfs_quota_us").write_text("-1\n")
    assert resources.usable_cores() == 3


def test_memory_is_what_the_tightest_group_leaves_plus_droppable_cache(groups):
    (groups / "job" / "memory.max").write_text("1000000\n")
    (groups / "job" / "memory.current").write_text("700000\n")
    (groups / "job" / "memory.stat").write_text("anon 1\ninactive_file 50000\n")
    (groups / "memory.max").write_text("max\n")
    assert resources.available_memory() == 350000


def test_memory_is_never_more_than_a_limit_on_address_space():
    code = "from av_td3.machine.resources import available_memory; print(available_memory())"
    limit = 2_000_000_000
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        check=True,
    )
    assert 0 < int(done.stdout) < limit
