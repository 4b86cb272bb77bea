"""The table of the cars' figures."""

import pytest

from av_td3.simulator.builtin.vehicles.proving_ground import FIGURES
from tests.conftest import ROOT
from tests.docs.kinds import of_kind


@pytest.mark.parametrize(**of_kind("proving_ground"))
def test_the_printed_command_prints_the_table_that_the_docs_show(script, type_in):
    table = type_in(script).stdout.strip()
    assert table.count("\n") > len(FIGURES)
    assert table in (ROOT / "docs/vehicles.md").read_text()
