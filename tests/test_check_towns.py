from tests.check_towns import Checked, as_version, problems, read_result

RESULT = """<?xml version='1.0' encoding='UTF-8' standalone='no'?>
<CheckerResults version="1"><CheckerBundle name="xodrBundle">
<Checker status="completed" checkerId="gaps"><Issue issueId="0" description="no gaps" level="1">
<Locations><XMLLocation xpath="/OpenDRIVE/road[1]"/></Locations></Issue></Checker>
<Checker status="completed" checkerId="schema"/><Checker status="skipped" checkerId="links"/>
</CheckerBundle></CheckerResults>"""


def test_issues_are_read_with_their_place():
    assert read_result(RESULT) == Checked({"gaps", "schema"}, {"links"}, ["gaps: no gaps /OpenDRIVE/road[1]"])


def test_a_rule_that_was_checked_for_no_version_is_a_problem():
    first, second = Checked({"a"}, {"b", "c"}, []), Checked({"a", "b"}, {"c"}, [])
    assert problems([first, second]) == ["c: not checked"]
    assert problems([Checked({"a", "c"}, set(), []), second]) == []
    assert problems([Checked(set(), set(), [])]) == ["no rule was checked"]


def test_a_document_is_said_to_be_of_another_version():
    assert as_version('<header revMajor="1" revMinor="8"/>', "7") == '<header revMajor="1" revMinor="7"/>'
