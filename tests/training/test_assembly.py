"""What is checked before anything of a run is started."""

from io import StringIO

import pytest
from rich.console import Console

from av_td3.config.callback import Callback
from av_td3.runs.errors import RunFailed
from av_td3.training.assembly import close, set_up
from tests.training.fakes import configured


class Fails(Callback):
    def setup(self, config, folder):
        raise KeyError("a")

    def close(self):
        raise ValueError("b")


def test_a_callback_that_cannot_be_set_up_is_named(tmp_path):
    with pytest.raises(RunFailed, match=r"callbacks\.mine: setup raised KeyError: 'a' \(at training/test_assembly\.py:"):
        set_up("mine", Fails(), configured(), tmp_path)


def test_a_callback_that_cannot_be_closed_does_not_hide_how_the_run_ended():
    written = StringIO()
    close("mine", Fails(), Console(file=written, width=200))
    assert "callbacks.mine: close raised ValueError: b (at training/test_assembly.py:" in written.getvalue()
