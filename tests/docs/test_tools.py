"""The printed commands of the tools."""

import json

import pytest

from tests.docs.kinds import of_kind

CODES = {"GO": 0, "NO-GO": 1, "INVESTIGATE": 2}
WRITES = {
    "report": ("report.html", "report.json"),
    "compare": ("comparison.html", "comparison.md"),
    "sweep": ("sweep.html", "sweep.csv"),
}


@pytest.mark.parametrize(**of_kind("tool"))
def test_a_tool_says_or_writes_what_it_is_for(script, type_in, checkout):
    tool = script.words[1]
    done = type_in(script, codes=tuple(CODES.values()) if tool == "gate" and "&&" not in script.words else (0,))
    if tool == "gate":
        verdict = done.stdout.split("verdict: ")[1].split()[0]
        assert done.returncode == (CODES[verdict] if "&&" not in script.words else 0)
    elif tool == "diagnose":
        assert "1. " in done.stdout
    elif tool == "sbatch":
        assert (checkout / script.words[-1]).read_text().startswith("#!/bin/bash\n")
        assert len(list((checkout / "outputs").glob("*/*"))) == 1
    for name in WRITES.get(tool, ()):
        read = next(word for word in reversed(script.words) if not word.startswith("-"))
        folder = checkout if "." in script.words else checkout / read
        written = name.replace("report.json", "table.tex").replace("report", "evaluation") if "evaluation" in read else name
        assert (folder / (written if tool == "report" else name)).stat().st_size > 0
    if "&&" in script.words:
        (status,) = (checkout / "outputs").glob("*/*-validation_50k/status.json")
        assert json.loads(status.read_text())["state"] == "done"
    if "runs/that_exploded" in script.words and tool in ("diagnose", "gate"):
        assert ("1. feature_exploitation  (critical)" if tool == "diagnose" else "NO-GO") in done.stdout


@pytest.mark.parametrize(**of_kind("on a cluster"))
def test_what_needs_a_cluster_is_refused_in_one_line_elsewhere(script, type_in):
    done = type_in(script, codes=(3,))
    assert "only jobs that hydra/launcher=slurm submitted can be cancelled" in done.stderr
    assert done.stderr.count("\n") == 1
