import errno
import signal

import pytest

from av_td3.cli.failures import VERDICT_CODES, launch_exit_code
from av_td3.config.errors import ConfigError
from av_td3.machine.interrupts import ENDING_SIGNALS
from av_td3.runs.errors import Interrupted, RunFailed
from av_td3.simulator.errors import SimulatorUnavailable


@pytest.fixture(autouse=True)
def _signals_as_they_were():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDING_SIGNALS)}
    yield
    for number, answer in before.items():
        signal.signal(number, answer)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ConfigError("seed=x: must be a whole number"), 2, "error: seed=x: must be a whole number"),
        (SimulatorUnavailable("no server"), 2, "error: no server"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a"), 2, "error: cannot write or read: a: No such file"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), 2, "error: cannot write or read: a: Permission denied"),
        (OSError(errno.ENOSPC, "No space left"), 1, "error: cannot write or read: No space left"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), 1, "error: cannot write or read: reset"),
        (RunFailed("gave up"), 1, "error: gave up"),
        (Interrupted("resume with"), 130, "error: resume with"),
        (KeyboardInterrupt(), 130, "error: interrupted"),
    ],
)
def test_a_launch_that_ends_with_an_error_says_it_in_a_line_and_by_its_code(capsys, error, code, words):
    def fail():
        raise error

    assert launch_exit_code(fail) == code
    assert capsys.readouterr().err == f"{words}\n"


def test_a_launch_that_ends_well_has_its_own_code():
    assert [launch_exit_code(lambda code=code: code) for code in (None, 0, 3)] == [0, 0, 3]


def test_an_error_that_nobody_expected_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        launch_exit_code(lambda: 1 // 0)


def test_verdicts_have_the_codes_that_scripts_know():
    assert VERDICT_CODES == {"GO": 0, "NO-GO": 1, "INVESTIGATE": 2}
