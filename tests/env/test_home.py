import os
import stat
from pathlib import Path

import numpy as np
import pytest

from av_td3.env.remote_env import RemoteEnv
from av_td3.machine.process import home_folder


@pytest.mark.parametrize("home", [None, "/dev/null"], ids=["not set", "no folder"])
def test_an_environment_drives_without_a_home(compose_config, tmp_path, monkeypatch, home):
    monkeypatch.delenv("HOME")
    if home is not None:
        monkeypatch.setenv("HOME", home)
    config = compose_config("scenario=loop", "scenario.npc_vehicles=2")  # the Traffic Manager looks for its map there
    server = config.simulator.server(tmp_path / "simulator.log")
    env = RemoteEnv(config, server, tmp_path / "worker.log")
    try:
        assert env.reset(seed=1)["image"].shape == (4, 84, 84)
        assert np.isfinite(env.step(np.array([0.0, 0.5], np.float32)).reward)
    finally:
        env.close()
    assert env.restarts == 0


def test_a_user_without_a_home_gets_a_private_one(tmp_path, monkeypatch):
    def unknown(uid):
        raise KeyError(uid)

    assert home_folder() == os.environ["HOME"]
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.setattr("av_td3.machine.leases.SHARED_PLACES", (str(tmp_path),))
    home = Path(home_folder())
    assert home.parent == tmp_path
    assert home.stat().st_uid == os.getuid()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
