"""The functions below run in processes of their own."""

import os
import signal
import sys
import time

from av_td3.doctor.check import State, ok
from av_td3.doctor.isolation import isolated

LIMIT = 30.0


def talking(text):
    print(text, flush=True)
    os.system("echo from a program")
    yield ok("talk", text)


def crashing():
    yield ok("first", "fine")
    time.sleep(0.2)
    print("free(): invalid pointer", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)


def hanging(pid_file):
    pid_file.write_text(str(os.getpid()))
    yield ok("first", "fine")
    while True:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        time.sleep(1.0)


def raising():
    raise ValueError("odd")


def test_results_come_back_and_output_does_not(capfd):
    (found,) = isolated("talk", talking, "hello", limit=LIMIT)
    assert (found.state, found.text) == (State.OK, "hello")
    assert capfd.readouterr() == ("", "")


def test_a_crash_is_a_problem_with_the_signal_and_the_last_output():
    first, last = isolated("client", crashing, limit=LIMIT)
    assert first.state is State.OK
    assert (last.state, last.name) == (State.PROBLEM, "client")
    assert "SIGSEGV" in last.text
    assert "free(): invalid pointer" in last.text


def test_a_process_that_hangs_is_killed_at_the_limit(tmp_path):
    pid_file = tmp_path / "pid"
    first, last = isolated("driver", hanging, pid_file, limit=8.0)
    assert first.state is State.OK
    assert last.state is State.PROBLEM
    assert "8 s" in last.text
    assert not os.path.exists(f"/proc/{pid_file.read_text()}")


def test_an_exception_is_a_problem():
    (found,) = isolated("odd", raising, limit=LIMIT)
    assert found.state is State.PROBLEM
    assert "ValueError: odd" in found.text
