"""The environment with a simulator of its own, for use in a script; both end with the script."""

import atexit
import contextlib
import os
import tempfile
import weakref
from pathlib import Path

from av_td3.config.experiment import DrivingTask
from av_td3.env.carla_env import CarlaEnv
from av_td3.env.rendering.mode import check_render_mode

_open: "weakref.WeakSet[StandaloneEnv]" = weakref.WeakSet()


class StandaloneEnv(CarlaEnv):
    """A CarlaEnv that starts the simulator of its config, and stops it in ``close``.

    An environment that is left open is closed when it is garbage-collected or the interpreter exits: the client's own
    destructors would abort a process that exits with sensors or a Traffic Manager alive.

    Args:
        task: scenario, observation, action, reward and simulator.
        render_mode: as for CarlaEnv.

    Raises:
        UnsupportedMode: there is no such render mode, or no display for ``human``.
        DependencyNotInstalled: ``human`` needs pygame.
        SimulatorLost: the simulator did not start.
        SimulatorUnavailable: the simulator cannot be started or reached, or another environment uses it.

    """

    def __init__(self, task: DrivingTask, render_mode: str | None = None):
        check_render_mode(render_mode)  # before a server is started
        self._process = os.getpid()
        log, path = tempfile.mkstemp(prefix="av_td3-simulator-", suffix=".log")
        os.close(log)
        self._log = Path(path)
        self._server = task.simulator.server(self._log)
        try:
            host, port = self._server.start()
            simulator = task.simulator.model_copy(update={"host": host, "port": port})
            super().__init__(task.model_copy(update={"simulator": simulator}), render_mode)
        except BaseException:
            self._stop_server()
            raise
        _open.add(self)

    def close(self) -> None:
        """Clean up the world and stop the simulator. Calling it again has no effect."""
        _open.discard(self)
        super().close()
        self._stop_server()

    def _stop_server(self) -> None:
        if self._server.alive():
            self._log.unlink(missing_ok=True)  # the log of a server that died is kept: it may say why
        self._server.stop()

    def __del__(self) -> None:
        if self in _open:
            close_unless_forked(self)


def close_unless_forked(env: StandaloneEnv) -> None:
    """Close an environment, unless this process is a fork of the one that made it."""
    if env._process == os.getpid():
        with contextlib.suppress(Exception):
            env.close()


@atexit.register
def _close_all() -> None:
    for env in list(_open):
        close_unless_forked(env)
