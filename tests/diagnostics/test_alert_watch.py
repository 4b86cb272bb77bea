from typing import Annotated

import pytest

from av_td3.config.alerts import Alert
from av_td3.config.limits import Interval
from av_td3.diagnostics.alert_watch import NUMBERS, AlertWatch
from av_td3.metrics import ALERTS
from av_td3.runs.errors import RunFailed


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


# -- alerts of one's own -----------------------------------------------------------------------------------------------


class Crawling(Alert):
    shown = ("perf/updates_per_s", "some/tag")
    slowest: Annotated[float, Interval(0.0, 100.0)]

    def raised(self, scalars):
        return scalars["perf/updates_per_s"] < self.slowest


SEEN = []


class Silent(Alert):
    def raised(self, scalars):
        SEEN.append(dict(scalars))
        return False


class Meddling(Alert):
    def raised(self, scalars):
        scalars["perf/updates_per_s"] = 100.0


CRAWLING = f"+alerts.custom.crawling={{_target_:{__name__}.Crawling,slowest:1.0}}"
SILENT = f"+alerts.custom.silent._target_={__name__}.Silent"


def drive(watch, speeds):
    """The lines for each point, and what was logged for the alert."""
    points = [{"perf/updates_per_s": speed} for speed in speeds]
    return [watch.look(point, step=100 + 10 * i) for i, point in enumerate(points)], [p["alerts/crawling"] for p in points]


def test_an_alert_of_ones_own_begins_and_ends_like_ours_and_is_logged(watch):
    seen = watch(CRAWLING)
    lines, logged = drive(seen, [5.0, 0.5, 0.25, 5.0, 0.5, 5.0, 5.0, 5.0, 0.5])
    assert logged == [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    assert [line for printed in lines for line in printed] == [
        "ALERT at step 110: crawling; perf/updates_per_s 0.5",
        "alert over at step 160: crawling, on from step 110 to 140",
        "ALERT at step 180: crawling; perf/updates_per_s 0.5",
    ]
    expected = {"active": True, "since": 180, "last": 180, "onsets": 2, "updates": 4, "quiet": 0}
    assert seen.status() == {"crawling": expected}


def test_an_alert_of_ones_own_can_end_a_run(watch):
    strict = watch(CRAWLING, "alerts.stop_on=[non_finite,crawling]")
    drive(strict, [5.0])
    assert strict.stopping is None
    drive(strict, [0.5])
    assert strict.stopping == "crawling"


def test_an_alert_of_ones_own_sees_what_is_logged_and_no_other_of_its_kind(watch):
    seen = watch(CRAWLING, SILENT)
    point = {"perf/updates_per_s": 0.5, "debug/actor_grad_norm_BEFORE_clip_max": 3.0, "alerts/q_divergence": 2.0}
    logged = dict(point)
    seen.look(point, 100)
    assert seen.status().keys() == {"crawling", "q_divergence"}
    assert point == logged | {"alerts/crawling": 1.0, "alerts/silent": 0.0}
    assert [logged] == SEEN


@pytest.mark.parametrize(
    ("target", "point", "error"),
    [
        ("Crawling,slowest:1.0", {}, "KeyError: 'perf/updates_per_s'"),
        ("Meddling", {}, "TypeError: 'mappingproxy' object does not"),
    ],
)
def test_an_alert_of_ones_own_that_fails_ends_the_run_in_one_line(watch, target, point, error):
    with pytest.raises(RunFailed, match=f"^alerts.custom.mine raised {error}") as failed:
        watch(f"+alerts.custom.mine={{_target_:{__name__}.{target}}}").look(point, 100)
    assert "\n" not in str(failed.value)
