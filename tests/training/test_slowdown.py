from av_td3.training.slowdown import Slowdown


def told(points):
    """What is said of (seconds per update, time) pairs, in order."""
    slowdown = Slowdown()
    return [slowdown.observe(seconds, now) for seconds, now in points]


def test_a_minute_of_updates_five_times_slower_than_the_best_is_told_once():
    lines = told(
        [(0.1, 0), (0.2, 10), (0.6, 20), (0.6, 50), (0.6, 79), (0.6, 81), (0.6, 200), (0.1, 210), (0.9, 220), (0.9, 400)]
    )
    assert [line is not None for line in lines] == [False] * 5 + [True] + [False] * 4
    assert "6 times as long" in lines[5]
    assert "hardware.threads=1" in lines[5]


def test_a_moment_and_a_little_are_not():
    assert set(told([(0.1, 0), (0.6, 10), (0.6, 60), (0.1, 65), (0.6, 70), (0.6, 125)])) == {None}
    assert set(told([(0.1, 0), *((0.4, 10 * i) for i in range(1, 50))])) == {None}
