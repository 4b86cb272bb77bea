from av_td3.config.errors import ConfigError
from av_td3.doctor.check import REPORT_IT, State, ok, results


def raising(error):
    yield ok("first", "fine")
    raise error


def test_an_unexpected_exception_is_a_problem_after_the_results_before_it():
    first, last = results("second", raising, ValueError("odd"))
    assert (first.state, last.state, last.name) == (State.OK, State.PROBLEM, "second")
    assert "ValueError: odd" in last.text
    assert "test_check.py" in last.text
    assert last.remedy == REPORT_IT


def test_an_error_for_the_user_is_shown_as_it_is():
    *_, last = results("keys", raising, ConfigError("seed=-1: must be at least 0; use 0"))
    assert (last.state, last.text, last.remedy) == (State.PROBLEM, "seed=-1: must be at least 0", "use 0")


def test_a_plugin_that_exits_is_a_problem():
    assert list(results("plugin", raising, SystemExit(3)))[-1].state is State.PROBLEM
