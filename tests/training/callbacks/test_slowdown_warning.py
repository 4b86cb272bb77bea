from types import SimpleNamespace

from av_td3.training.callbacks.slowdown_warning import SlowdownWarning
from tests.training.fakes import fake_run


def warnings(points):
    """What is said of (seconds per update, time) pairs, in order."""
    warning = SlowdownWarning()
    return [warning.observe(seconds, now) for seconds, now in points]


def test_a_minute_of_updates_five_times_slower_than_the_best_is_worth_one_warning():
    lines = warnings(
        [(0.1, 0), (0.2, 10), (0.6, 20), (0.6, 50), (0.6, 79), (0.6, 81), (0.6, 200), (0.1, 210), (0.9, 220), (0.9, 400)]
    )
    assert [line is not None for line in lines] == [False] * 5 + [True] + [False] * 4
    assert "6 times as long" in lines[5]
    assert "hardware.threads=1" in lines[5]


def test_a_moment_and_a_little_are_not():
    assert set(warnings([(0.1, 0), (0.6, 10), (0.6, 60), (0.1, 65), (0.6, 70), (0.6, 125)])) == {None}
    assert set(warnings([(0.1, 0), *((0.4, 10 * i) for i in range(1, 50))])) == {None}


def test_the_time_of_the_updates_is_what_counts(monkeypatch):
    run, warning = fake_run(), SlowdownWarning()
    for now, seconds in ((0.0, 0.1), (10.0, 0.8), (80.0, 0.8)):
        monkeypatch.setattr("time.monotonic", lambda now=now: now)
        trainer = SimpleNamespace(run=run, throughput=SimpleNamespace(seconds_per_update=seconds))
        warning.on_measurements(trainer, {})
    assert len(run.display.lines) == 1
    assert "8 times as long" in run.display.lines[0]
