import pytest

from av_td3.diagnostics.alert_watch import NUMBERS, AlertWatch
from av_td3.metrics import ALERTS


@pytest.fixture
def watch(compose_config):
    return lambda *overrides: AlertWatch(compose_config("alerts.quiet_points=2", *overrides).alerts)


def see(watch, counts, alert="action_saturation"):
    """The lines for each point, given the number of updates that raised the alert."""
    return [
        watch.look({f"alerts/{alert}": float(count), "debug/action_saturation": 0.95}, step=100 + 10 * i)
        for i, count in enumerate(counts)
    ]


def test_every_alert_is_watched():
    assert set(NUMBERS) == set(ALERTS)


def test_an_alert_is_printed_once_when_it_begins_and_once_when_it_is_over(watch):
    lines = see(watch(), [0, 3, 5, 0, 2, 0, 0, 0, 1])
    assert [len(printed) for printed in lines] == [0, 1, 0, 0, 0, 0, 1, 0, 1]
    assert lines[1] == [
        "ALERT at step 110: action_saturation, raised 3 times since the last point; debug/action_saturation 0.95",
    ]
    assert lines[6] == ["alert over at step 160: action_saturation, on from step 110 to 140"]


def test_the_status_counts_updates_and_onsets(watch):
    seen = watch()
    see(seen, [0, 3, 5, 0, 0, 1])
    record = {"active": True, "since": 150, "last": 150, "onsets": 2, "updates": 9, "quiet": 0}
    assert seen.status() == {"action_saturation": record}
    again = watch()
    again.load_status(seen.status())
    assert again.status() == seen.status()
    assert again.look({}, 160) == []
    assert len(again.look({}, 170)) == 1


def test_only_the_chosen_alerts_end_a_run(watch):
    patient = watch()
    see(patient, [3])
    assert patient.stopping is None
    strict = watch("alerts.stop_on=[non_finite,action_saturation]")
    assert strict.stopping is None
    see(strict, [3])
    assert strict.stopping == "action_saturation"
