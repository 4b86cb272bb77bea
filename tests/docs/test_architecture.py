"""docs/architecture.md names stations of the code; each of them is where it says."""

import ast
import re

import pytest

from av_td3.config.callback import Callback
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
STATIONS = re.findall(r"^\| `([\w.]+)` \| `(av_td3/[\w/]+\.py)` \|", PAGE, flags=re.MULTILINE)


def names(path):
    """Functions and classes of a module, and methods as Class.method."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef))


def test_there_are_stations():
    assert len(STATIONS) > 35


@pytest.mark.parametrize(("station", "file"), STATIONS)
def test_a_station_is_where_the_page_says(station, file):
    assert station in set(names(ROOT / file))


def test_every_path_on_the_page_exists():
    paths = set(re.findall(r"`((?:av_td3|conf|tests|docs)/[\w/.]*)`", PAGE))
    assert len(paths) > 40
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_every_package_and_every_moment_of_a_callback_is_on_the_page():
    packages = {path.name for path in (ROOT / "av_td3").iterdir() if (path / "__init__.py").is_file()}
    assert [name for name in sorted(packages) if f"`av_td3/{name}/`" not in PAGE] == []
    moments = {name for name, member in vars(Callback).items() if callable(member) and not name.startswith("_")}
    assert [name for name in sorted(moments) if f"`{name}`" not in PAGE] == []
