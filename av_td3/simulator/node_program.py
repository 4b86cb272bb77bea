"""``python -m av_td3.simulator.node_program``: starts a simulator for a run on another node, and stops it with the run.

The first line of its input is the simulator. It says every few seconds that it is still starting, and then the port. Each
further line is a number of episodes; it answers whether the simulator is due for a restart. It stops when its input ends, and
when the simulator does.
"""

import base64
import json
import os
import pickle
import sys
import threading
import time

from av_td3.config.errors import ConfigError
from av_td3.config.simulator import Server
from av_td3.simulator.errors import SimulatorLost, SimulatorUnavailable
from av_td3.simulator.node_server import ANSWER

POLL_INTERVAL = 0.2  # s between checks of the simulator
SIGN_OF_LIFE = 5.0  # s


def main() -> int:
    simulator, log = pickle.loads(base64.b64decode(sys.stdin.readline()))  # from the run itself
    server: Server = simulator.server(log)
    started = threading.Event()
    threading.Thread(target=_answer_until_input_ends, args=[server], daemon=True).start()
    signs_of_life = threading.Thread(target=_say_that_it_starts, args=[started], daemon=True)
    signs_of_life.start()
    try:
        result = _started(server)
    finally:
        started.set()
        signs_of_life.join()
    _answer(result)
    while "error" not in result and server.alive():
        time.sleep(POLL_INTERVAL)
    server.stop()
    return 1


def _started(server: Server) -> dict[str, object]:
    """Start the server; the port and its warnings, or why that failed."""
    try:
        return {"port": server.start().port, "warnings": server.warnings}
    except (SimulatorLost, SimulatorUnavailable, ConfigError) as error:
        return {"error": str(error), "final": not isinstance(error, SimulatorLost)}


def _say_that_it_starts(started: threading.Event) -> None:
    while not started.wait(SIGN_OF_LIFE):
        _answer("starting")


def _answer_until_input_ends(server: Server) -> None:
    for line in sys.stdin:
        _answer(server.is_due_for_restart(int(line)))
    server.stop()
    os._exit(0)


def _answer(answer: object) -> None:
    sys.stdout.buffer.write(ANSWER + json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
