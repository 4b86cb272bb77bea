"""``make check-towns``: every town's OpenDRIVE document passes ASAM's checker bundle without an error or a warning.

Some rules of the bundle apply to OpenDRIVE 1.7 only and some to 1.8 only, so each document is checked as both.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from av_td3.simulator.builtin.town import PLANS, load_town

MINOR_VERSIONS = ("7", "8")


class Checked(NamedTuple):
    """Rules that were checked, those that were not, and a line for each issue."""

    completed: set[str]
    left_out: set[str]
    issues: list[str]


def as_version(document: str, minor: str) -> str:
    """The document, said to be of OpenDRIVE 1.``minor``."""
    return re.sub(r'revMinor="\d+"', f'revMinor="{minor}"', document, count=1)


def run_checker(checker: Path, document: str) -> Checked:
    """Check a document.

    Raises:
        subprocess.CalledProcessError: the checker failed.

    """
    with tempfile.TemporaryDirectory() as folder:
        town, configuration, result = (Path(folder) / name for name in ("town.xodr", "config.xml", "result.xqar"))
        town.write_text(document)
        configuration.write_text(
            f'<Config><Param name="InputFile" value={quoteattr(str(town))}/><CheckerBundle application="xodrBundle">'
            f'<Param name="resultFile" value={quoteattr(str(result))}/></CheckerBundle></Config>'
        )
        subprocess.run([checker, "-c", configuration], check=True, capture_output=True, text=True)
        return read_result(result.read_text())


def read_result(text: str) -> Checked:
    """Read the checker's result file."""
    completed, left_out, issues = set(), set(), []
    for rule in ET.fromstring(text.encode()).iter("Checker"):
        (completed if rule.get("status") == "completed" else left_out).add(rule.attrib["checkerId"])
        for issue in rule.iter("Issue"):
            places = [place.attrib["xpath"] for place in issue.iter("XMLLocation")]
            issues.append(f"{rule.attrib['checkerId']}: {issue.get('description')} {', '.join(places)}".strip())
    return Checked(completed, left_out, issues)


def problems(results: list[Checked]) -> list[str]:
    """Issues, and rules that no version of the document was checked for."""
    completed = set().union(*(result.completed for result in results))
    unchecked = set().union(*(result.left_out for result in results)) - completed
    issues = dict.fromkeys(issue for result in results for issue in result.issues)
    missing = [] if completed else ["no rule was checked"]
    return [*issues, *(f"{rule}: not checked" for rule in sorted(unchecked)), *missing]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checker", type=Path, help="the program qc_opendrive")
    checker = parser.parse_args().checker
    failed = False
    for name in PLANS:
        found = problems([run_checker(checker, as_version(load_town(name).opendrive, minor)) for minor in MINOR_VERSIONS])
        print(f"{name}: {'passed' if not found else f'{len(found)} problems'}")
        print("".join(f"  {line}\n" for line in found), end="")
        failed |= bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
