"""``python -m av_td3.simulator.node_program``: starts a simulator for a run on another node, and stops it with the run.

The first line of its input is the simulator; it answers with the port. Each further line is a number of episodes; it answers
whether the simulator is due for a restart. It stops when its input ends, and when the simulator does.
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

POLL_INTERVAL = 0.2  # s between checks of the simulator


def main() -> int:
    simulator, log = pickle.loads(base64.b64decode(sys.stdin.readline()))  # from the run itself
    server: Server = simulator.server(log)
    threading.Thread(target=_answer_until_input_ends, args=[server], daemon=True).start()
    try:
        address = server.start()
    except (SimulatorLost, SimulatorUnavailable, ConfigError) as error:
        _answer({"error": str(error), "final": not isinstance(error, SimulatorLost)})
        return 1
    _answer({"port": address.port, "warnings": server.warnings})
    while server.alive():
        time.sleep(POLL_INTERVAL)
    server.stop()
    return 1


def _answer_until_input_ends(server: Server) -> None:
    for line in sys.stdin:
        _answer(server.is_due_for_restart(int(line)))
    server.stop()
    os._exit(0)


def _answer(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.exit(main())
