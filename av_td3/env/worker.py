"""The process of an environment.

The client library can hang without a timeout, or abort its process. So the training process never imports it: it talks to this
process over a socket, and can kill it. A request is ``(name, argument)``; a reply is ``("done", result)``, or the name and the
message of an error: ``("EpisodeFailed", (reason, cause))`` where another episode may succeed, ``("SimulatorLost", reason)``
or ``("SensorLost", reason)`` where a restart may help, else ``("SimulatorUnavailable", reason)`` or ``("RunFailed", reason)``.
"""

import argparse
import contextlib
import logging
import os
import sys
from multiprocessing.connection import Connection
from typing import Any

from av_td3.config.experiment import DrivingTask
from av_td3.env.errors import EpisodeFailed
from av_td3.env.rendering.mode import RGB_ARRAY
from av_td3.machine import process
from av_td3.simulator.errors import NoServer, SensorLost, SimulatorLost, SimulatorUnavailable

log = logging.getLogger(__name__)


def serve(connection: Connection, env_index: int, render_mode: str | None = None) -> None:
    """Build the environment that the first message describes, then answer requests until ``close``."""
    task: DrivingTask = connection.recv()
    if task.scenario.npc_vehicles:
        _stay_on_one_cpu(os.getppid() + env_index)
    env = None
    try:
        env = _build(task, render_mode)
        connection.send(("done", env.warnings))
        while True:
            name, argument = connection.recv()
            if name == "close":
                return
            connection.send(_answer(env, name, argument))
    except (SimulatorLost, NoServer) as error:
        log.exception("simulator lost")
        kind = "SensorLost" if isinstance(error, SensorLost) else "SimulatorLost"  # NoServer: it has answered a moment ago
        connection.send((kind, str(error)))
    except SimulatorUnavailable as error:
        connection.send(("SimulatorUnavailable", str(error)))
    except Exception as error:
        log.exception("environment failed")
        connection.send(("RunFailed", f"{type(error).__name__} in the environment: {error}"))
    finally:
        if env is not None:
            env.close()


def _answer(env: Any, name: str, argument: Any) -> tuple[str, Any]:
    try:
        if name == "render":
            return "done", env.render()
        return "done", env.reset(seed=argument[0], options=argument[1]) if name == "reset" else env.step(argument)
    except EpisodeFailed as error:
        log.exception("episode failed")
        return "EpisodeFailed", error.args


def _build(task: DrivingTask, render_mode: str | None) -> Any:
    from av_td3.env.carla_env import CarlaEnv

    return CarlaEnv(task, render_mode)


def _stay_on_one_cpu(number: int) -> None:
    """Keep all threads on one CPU, which makes the Traffic Manager's lost notification (see clock.py) a hundred times rarer.

    Consecutive numbers get different CPUs.
    """
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpus[number % len(cpus)]})


def main() -> None:
    """Serve the environment until the socket is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True, help="file descriptor of the socket")
    parser.add_argument("--parent", type=int, required=True, help="id of the process with which this one ends")
    parser.add_argument("--env-index", type=int, required=True, help="index among the environments of a run")
    parser.add_argument("--render-mode", choices=[RGB_ARRAY], help="answer the request for a frame")
    arguments = parser.parse_args()
    process.die_with_parent(arguments.parent)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        serve(Connection(arguments.fd), arguments.env_index, arguments.render_mode)
    os._exit(0)  # the client library's destructors can abort or hang; everything is cleaned up by now


if __name__ == "__main__":
    main()
