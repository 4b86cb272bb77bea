"""The environment in a user's own process, with its simulator: both end with it, however the script ends."""

import atexit
import contextlib
import os
import tempfile
import weakref
from pathlib import Path

from av_td3.config.experiment import DrivingTask
from av_td3.env.carla_env import CarlaEnv

_open: "weakref.WeakSet[StandaloneEnv]" = weakref.WeakSet()


class StandaloneEnv(CarlaEnv):
    """CarlaEnv that starts the simulator of its config, and stops it in ``close``.

    What a script leaves open is closed when it is garbage or the interpreter ends: the client's own destructors abort a
    process that ends with sensors or a Traffic Manager alive.
    """

    def __init__(self, task: DrivingTask):
        self._process = os.getpid()
        log, path = tempfile.mkstemp(prefix="av_td3-simulator-", suffix=".log")
        os.close(log)
        self._log = Path(path)
        self._server = task.simulator.server(self._log)
        try:
            host, port = self._server.start()
            simulator = task.simulator.model_copy(update={"host": host, "port": port})
            super().__init__(task.model_copy(update={"simulator": simulator}))
        except BaseException:
            self._stop_server()
            raise
        _open.add(self)

    def close(self) -> None:
        """Leave the world clean, and end the simulator that was started for it. Harmless when repeated."""
        _open.discard(self)
        super().close()
        self._stop_server()

    def _stop_server(self) -> None:
        if self._server.alive():
            self._log.unlink(missing_ok=True)  # that of a server which died may say why
        self._server.stop()

    def __del__(self) -> None:
        if self in _open:
            close_here(self)


def close_here(env: StandaloneEnv) -> None:
    """Close an environment, unless it belongs to the process that this one was forked from."""
    if env._process == os.getpid():
        with contextlib.suppress(Exception):
            env.close()


@atexit.register
def _close_all() -> None:
    for env in list(_open):
        close_here(env)
