import io
import json

from rich.console import Console

from av_td3.doctor.check import ok, problem, warning
from av_td3.doctor.report import content, print_report

CHECKS = [
    ok("Python", "3.11"),
    warning("disk", "1 GB is free at /home/alice/outputs", "free some of /home/alice", free_bytes=1e9),
    problem("server ports", "2000 is in use", "use simulator.port=0"),
]


def test_the_table_has_every_check_and_the_remedies_the_problem_first(monkeypatch):
    monkeypatch.setenv("HOME", "/home/alice")
    console = Console(file=io.StringIO(), width=100)
    print_report(console, "av-td3 1.0 doctor", CHECKS, 12.3)
    printed = console.file.getvalue()
    assert printed.startswith("av-td3 1.0 doctor\n")
    assert "1 GB is free at ~/outputs" in printed
    *_, first, second, last, end = printed.split("\n")
    assert (first, second) == ("problem: server ports: use simulator.port=0", "warning: disk: free some of ~")
    assert (last, end) == ("1 problem, 1 warning, in 12 s", "")


def test_json_has_the_same_and_the_numbers(monkeypatch):
    monkeypatch.setenv("HOME", "/home/alice")
    shared = json.loads(json.dumps(content({"version": "1.0", "overrides": []}, CHECKS, 12.34)))
    assert (shared["version"], shared["problems"], shared["warnings"], shared["seconds"]) == ("1.0", 1, 1, 12.3)
    assert shared["checks"][1] == {
        "name": "disk",
        "state": "warning",
        "text": "1 GB is free at ~/outputs",
        "remedy": "free some of ~",
        "numbers": {"free_bytes": 1e9},
    }
