"""Stands in for CARLA's server: its arguments, its name, its ports and its manners, and the built-in simulator behind them.

It refuses unknown arguments, ignores SIGTERM, and opens its ports some time before it answers. ``STAND_IN_FAULTS`` in the
environment names what goes wrong (``faults.py``), a folder in ``STAND_IN_STATE`` counts its starts.
"""

import asyncio
import ctypes
import json
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from av_td3.simulator.builtin import server, town
from tests.carla_stand_in import faults

FLAGS = ("-RenderOffScreen", "-nosound")
VALUES = {
    "-quality-level": r"Low|Epic",
    "-carla-rpc-port": r"\d+",
    "-carla-streaming-port": r"\d+",
    "-carla-secondary-port": r"\d+",
    "-graphicsadapter": r"\d+",
}
TOWNS = ("Town01", "Town01_Opt")  # under these names, the built-in simulator's
PR_SET_NAME = 15


def read_arguments(words: list[str]) -> dict[str, str]:
    """Values by name. Exits for an argument that is not CARLA's."""
    if words[:1] != ["CarlaUE4"]:
        sys.exit("the first argument must be the project, CarlaUE4")
    values = {}
    for word in words[1:]:
        name, _, value = word.partition("=")
        if word not in FLAGS and not re.fullmatch(VALUES.get(name, r"(?!)"), value):
            sys.exit(f"CARLA has no argument {word}")
        values[name] = value
    return values


def count_start() -> int:
    """Number of this start, from 1 on, where ``STAND_IN_STATE`` is set."""
    state = os.environ.get("STAND_IN_STATE")
    if state is None:
        return 1
    with open(Path(state) / "starts", "a+", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {' '.join(sys.argv[1:])}\n")
        file.seek(0)
        return len(file.readlines())


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"CarlaUE4-Linux-Shipping")
    values = read_arguments(sys.argv[1:])
    port = int(values["-carla-rpc-port"])
    assert (int(values["-carla-streaming-port"]), int(values["-carla-secondary-port"])) == (port + 1, port + 2)
    planned = json.loads(os.environ.get("STAND_IN_FAULTS", "[]"))
    start = count_start()
    planned = [fault for fault in planned if start in fault.get("starts", [start])]
    if any(fault["kind"] == "never_starts" for fault in planned):
        time.sleep(3600.0)
    if any(fault["kind"] == "exits" for fault in planned):
        print("LowLevelFatalError [File:Unknown] [Line: 1214] Vulkan: no device", flush=True)
        os._exit(1)
    slow = sum(fault["seconds"] for fault in planned if fault["kind"] == "starts_late")
    town.PLANS.update(dict.fromkeys(TOWNS, town.PLANS["Suburb01"]))
    secondary = socket.create_server(("", port + 2))
    faults.install(planned)
    listen = server._listen

    def listen_and_wait(host: str, asked: int) -> socket.socket:
        listener = listen(host, asked)
        if asked == port + 1:
            time.sleep(0.3 + slow)  # both ports are open, and nobody answers
        return listener

    server._listen = listen_and_wait
    print("4.26.2-0+++UE4+Release-4.26 522 0\nDisabling core dumps.", flush=True)
    try:
        asyncio.run(server.serve(port, "Suburb01", host="0.0.0.0", stop_with_input=False))
    except OSError as error:
        print(f"Exception thrown: bind: {error.strerror}", flush=True)
        os._exit(139)
    finally:
        secondary.close()


if __name__ == "__main__":
    main()
