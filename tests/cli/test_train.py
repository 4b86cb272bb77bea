"""What a launch ends with."""

import pytest

from av_td3.cli.train import _gate_exit_code
from av_td3.config.errors import ConfigError
from av_td3.diagnostics.gate import Verdict
from av_td3.runs.errors import Interrupted, RunFailed


def raising(error):
    raise error


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (lambda: Verdict.GO, 0),
        (lambda: Verdict.NO_GO, 1),
        (lambda: Verdict.INVESTIGATE, 2),
        (lambda: None, 3),  # preempted
        (lambda: raising(RunFailed("it failed")), 3),
        (lambda: raising(ConfigError("key=1: wrong")), 3),
        (lambda: raising(Interrupted("interrupted")), 130),
    ],
)
def test_codes_beside_verdicts_are_no_verdicts(run, code):
    assert _gate_exit_code(run) == code
