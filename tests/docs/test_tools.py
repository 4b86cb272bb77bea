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
    for name in WRITES.get(tool, ()):
        folder = checkout if "." in script.words else checkout / script.words[-1]
        assert (folder / name).stat().st_size > 0
    if "&&" in script.words:
        (status,) = (checkout / "outputs").glob("*/*-validation_50k/status.json")
        assert json.loads(status.read_text())["state"] == "done"
    if "runs/that_exploded" in script.words and tool in ("diagnose", "gate"):
        assert ("1. feature_exploitation  (critical)" if tool == "diagnose" else "NO-GO") in done.stdout
