"""Ctrl-C and terminating signals, as a KeyboardInterrupt that cannot get lost.

Python drops an exception that is raised in a destructor, or in a callback from C, and continues. So a signal is also
remembered, and a long loop asks for it.
"""

import signal
from typing import NoReturn

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_received = False


def listen() -> None:
    """Raise KeyboardInterrupt at SIGINT and at terminating signals. Handlers set by a scheduler or nohup stay."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def raise_if_received() -> None:
    """Raise the KeyboardInterrupt of a signal that has come and was not answered by ``answer``."""
    if _received:
        raise KeyboardInterrupt


def answer() -> None:
    """Forget the signal, because what it interrupts has ended."""
    global _received
    _received = False


def _interrupt(number: int, frame: object) -> NoReturn:
    global _received
    _received = True
    raise KeyboardInterrupt
