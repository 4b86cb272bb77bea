import numpy as np
import pytest

from av_td3.report.assessment import assess
from av_td3.report.comparison import compare
from tests.diagnostics.logs import growing, healthy, recorded, series


@pytest.fixture
def compared(tmp_path):
    """Two runs with these faults beside what is healthy, side by side."""

    def of(before, after):
        return compare(*(assess(recorded(healthy() | faults, tmp_path)) for faults in (before, after)))

    return of


EXPLODING_LOSS = {"train/critic_loss": series(np.full(40, 1e4))}
DIVERGING = {"train/q1_value": growing(5.0, 1e3)}


def test_findings_are_gone_new_or_remain(compared):
    found = compared(EXPLODING_LOSS, DIVERGING)
    assert "critic_divergence" in found.gone
    assert "q_divergence" in found.new
    assert found.remaining == []
    back = compare(found.candidate, found.baseline)
    assert (back.gone, back.new) == (found.new, found.gone)
    same = compare(found.candidate, found.candidate)
    assert (same.gone, same.new, same.remaining) == ([], [], found.new)


def test_figures_of_the_baseline_come_first(compared):
    found = compared({"eval/reward": series([1.0, 2.0])}, {"eval/reward": series([1.0, 3.0])})
    assert found.figures[0] == ("evaluation reward", "2", "3")
    assert "Last evaluation reward 2, now 3" in found.sentence
