import pytest

from av_td3 import metrics
from av_td3.diagnostics.lost_runs import LOST_ALERTS, why_lost


def record(since, last, active=True):
    return {"active": active, "since": since, "last": last, "onsets": 1, "updates": 9, "quiet": 0}


@pytest.mark.parametrize("name", LOST_ALERTS)
def test_a_run_is_lost_if_such_an_alert_has_been_on_for_long(name):
    assert why_lost({name: record(800, 1400)}) == f"{name} from step 800 to 1400"
    assert why_lost({name: record(800, 1200)}) is None  # not yet
    assert why_lost({name: record(800, 1400, active=False)}) is None  # over


@pytest.mark.parametrize("name", [*sorted(set(metrics.ALERTS) - set(LOST_ALERTS)), "one_of_the_users"])
def test_other_alerts_pass(name):
    assert why_lost({name: record(0, 100_000)}) is None


@pytest.mark.parametrize("damaged", [None, [], {}, {"active": True}, {"active": True, "since": "0", "last": 9000}])
def test_a_damaged_record_says_nothing(damaged):
    assert why_lost({"q_divergence": damaged}) is None


def test_every_name_is_that_of_an_alert():
    assert set(LOST_ALERTS) <= set(metrics.ALERTS)
