import pytest

from av_td3.training.throughput import Throughput


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_speeds_are_those_of_the_interval(clock):
    throughput = Throughput(step=50, updates=10)
    clock[0] += 4.0
    assert throughput.end_interval(70, 18) == {"perf/env_steps_per_s": 5.0, "perf/updates_per_s": 2.0}
    clock[0] += 10.0
    assert throughput.end_interval(80, 28) == {"perf/env_steps_per_s": 1.0, "perf/updates_per_s": 1.0}


def test_only_the_time_of_the_updates_counts_for_them(clock):
    throughput = Throughput(0, 0)
    for waited, learned in ((5.0, 2.0), (1.0, 8.0)):
        clock[0] += waited
        with throughput.learning():
            clock[0] += learned
        throughput.end_interval(0, 2 if learned == 2.0 else 6)
        assert throughput.seconds_per_update == (1.0 if learned == 2.0 else 2.0)
