"""Rules that another package adds: they are asked like ours, and whatever they do, the diagnosis is made."""

import json
import sys

import pytest

from av_td3.cli.tools import main
from av_td3.diagnostics.diagnose import RULES, diagnose
from av_td3.report.assessment import assess
from av_td3.report.page import TEMPLATES
from av_td3.report.terminal import console, print_diagnosis, print_gaps
from tests.diagnostics.logs import growing, healthy, recorded, series
from tests.plugin_package import install
from tests.report.folders import write_log

SOURCE = """
from av_td3.diagnostics.finding import Finding, Severity
from av_td3.diagnostics.recorded_run import NotLogged

def crawling(run):
    speeds = run.numbers("eval/speed")
    if speeds[-1] < 1.0:
        yield Finding("crawling", Severity.CRITICAL, f"{speeds[-1]:g} m/s at the end", "Raise reward.weights.progress.")

def raises(run):
    yield Finding("raises", Severity.CRITICAL, "", "")
    raise ValueError("not on\\na Monday")

def exits(run):
    raise SystemExit(2)

def yields_text(run):
    return ["too slow"]

def yields_a_severity_of_its_own(run):
    return [Finding("x", "critical", "", "")]

def yields_numbers(run):
    return [Finding("x", Severity.INFO, 1.0, "")]

no_function = 3
"""
SLOW = {"eval/speed": series([5.0, 0.5], first=2500, every=2500)}

OURS = len([rule for rule in RULES if rule.ours])


@pytest.fixture
def rules(tmp_path, monkeypatch):
    return lambda source=SOURCE, **rules: install(tmp_path, monkeypatch, "av_td3.rules", rules, source)


def test_theirs_are_asked_after_ours_and_ranked_by_severity(rules, tmp_path):
    rules(crawling="crawling")
    faults = {"train/critic_loss": growing(1.0, 150.0), "debug/action_saturation": series([1.0] * 40)}
    found = diagnose(recorded(healthy() | SLOW | faults, tmp_path)).findings
    assert [(finding.rule, finding.severity.value) for finding in found] == [
        ("action_saturation", "critical"),
        ("crawling", "critical"),
        ("critic_divergence", "warning"),
    ]
    assert found[1].evidence == "0.5 m/s at the end"


def test_a_tag_that_theirs_misses_is_reported_like_one_that_ours_misses(rules, tmp_path, capsys):
    rules(crawling="crawling")
    diagnosis = diagnose(recorded(healthy(), tmp_path))
    assert diagnosis.gaps == {"crawling": "eval/speed"}
    print_diagnosis(console(), diagnosis)
    print_gaps(console(), diagnosis)
    assert capsys.readouterr().out.splitlines() == [
        f"no findings from {OURS} of {OURS + 1} checks",
        f"not checked: 1 of {OURS + 1} rules had nothing to look at (not logged: eval/speed)",
    ]


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [
        ("raises", "failed (ValueError: not on a Monday (at "),
        ("exits", "failed (SystemExit: 2 (at "),
        ("no_function", "failed (TypeError: 'int' object is not callable (at "),
        ("nowhere", "cannot be imported (AttributeError: module "),
        ("yields_text", "yielded an object of type str; must yield av_td3.diagnostics.finding.Finding"),
        ("yields_a_severity_of_its_own", "yielded a Finding whose severity is not an av_td3.diagnostics.finding.Severity"),
        ("yields_numbers", "yielded a Finding whose rule, evidence or recommendation is not text"),
    ],
)
def test_a_rule_of_theirs_that_fails_is_one_line_and_harms_no_other(rules, tmp_path, attribute, reason):
    name = rules(theirs=attribute, crawling="crawling")
    diagnosis = diagnose(recorded(healthy() | SLOW, tmp_path))
    assert [finding.rule for finding in diagnosis.findings] == ["crawling"]
    assert [(rule, missing) for rule, missing, _ in diagnosis.unchecked] == [("theirs", None)]
    (line,) = diagnosis.failures
    assert line.startswith(f"the entry point theirs = {name}:{attribute} of av_td3.rules {reason}")
    assert "\n" not in line


@pytest.mark.parametrize("source", ["import nothing_of_that_name", "def f(:", "raise SystemExit('no')"])
def test_a_module_of_theirs_that_cannot_be_imported_is_one_line(rules, tmp_path, source):
    rules(source, theirs="f")
    diagnosis = diagnose(recorded(healthy(), tmp_path))
    assert diagnosis.findings == []
    (line,) = diagnosis.failures
    assert "of av_td3.rules cannot be imported (" in line
    assert "\n" not in line


def test_a_rule_of_theirs_does_not_replace_one_of_ours(rules, tmp_path):
    name = rules(non_finite="raises")
    diagnosis = diagnose(recorded(healthy() | {"train/q1_value": series([float("nan")])}, tmp_path))
    assert "non_finite" in {finding.rule for finding in diagnosis.findings}
    assert diagnosis.failures == [
        f"the entry point non_finite = {name}:raises of av_td3.rules has the name of a rule of av_td3; choose another"
    ]
    assert name not in sys.modules


def test_a_failure_is_shown_on_the_terminal_in_json_and_on_the_page(rules, tmp_path, capsys):
    rules(theirs="raises")
    assessment = assess(recorded(healthy(), tmp_path))
    (line,) = assessment.diagnosis.failures
    print_diagnosis(console(), assessment.diagnosis)
    print_gaps(console(), assessment.diagnosis)
    found = " ".join(capsys.readouterr().out.split())
    assert found.endswith(f"no findings from {OURS} of {OURS + 1} checks "
                         f"not checked: {line}")  # fmt: skip
    assert assessment.content()["not_checked"] == [{"rule": "theirs", "missing": None, "failure": line}]
    page = TEMPLATES.get_template("parts.html.j2").module.findings(assessment.diagnosis)
    assert "Not checked: the entry point theirs" in page


def test_the_tool_asks_them_and_reads_the_run_all_the_same(rules, tmp_path, capsys):
    rules(theirs="raises", crawling="crawling")
    write_log(tmp_path / "log", healthy() | SLOW)
    assert main(["diagnose", str(tmp_path / "log"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "crawling" in {finding["rule"] for finding in found["findings"]}
    assert "theirs" in {row["rule"] for row in found["not_checked"]}
