"""Signals that end a run, sent to this process."""

import gc
import os
import signal

import pytest

from av_td3.machine import interrupts


@pytest.fixture(autouse=True)
def _handlers():
    numbers = (signal.SIGINT, *interrupts.ENDING_SIGNALS)
    before = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in interrupts.ENDING_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    yield
    interrupts.answer()
    for number, handler in before.items():
        signal.signal(number, handler)


class InterruptedDestructor:
    """Python prints the exception of a destructor, and goes on."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_raises_a_keyboard_interrupt(number):
    interrupts.listen()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_whose_exception_is_dropped_is_still_known(number):
    interrupts.listen()
    interrupts.raise_if_received()
    InterruptedDestructor(number)
    gc.collect()
    with pytest.raises(KeyboardInterrupt):
        interrupts.raise_if_received()


def test_an_answered_signal_is_forgotten():
    interrupts.listen()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    interrupts.answer()
    interrupts.raise_if_received()


def test_handlers_of_others_stay():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    mine = []
    signal.signal(signal.SIGTERM, lambda number, frame: mine.append(number))
    interrupts.listen()
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    assert mine == [signal.SIGTERM]
    interrupts.raise_if_received()
