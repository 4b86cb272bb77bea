"""What is checked before anything of a run is started."""

import re
from io import StringIO

import pytest
from rich.console import Console

from av_td3.agents.compute import choose
from av_td3.agents.td3_config import TD3Config
from av_td3.config.callback import Callback
from av_td3.config.errors import ConfigError
from av_td3.runs.errors import RunFailed
from av_td3.training.assembly import build_agent, close, set_up
from tests.training.fakes import RecordingAgent, configured


class MinimalConfig(TD3Config):
    def build(self, config, compute):
        return RecordingAgent()


class HalfConfig(TD3Config):
    def build(self, config, compute):
        class Half:
            updates = 0

            def act(self, observation): ...
            def update(self, batch): ...
            def state_dict(self): ...

        return Half()


class Fails(Callback):
    def setup(self, config, folder):
        raise KeyError("a")

    def close(self):
        raise ValueError("b")


def test_a_callback_that_cannot_be_set_up_is_named(tmp_path):
    with pytest.raises(RunFailed, match=r"callbacks\.mine: setup raised KeyError: 'a' \(at training/test_assembly\.py:"):
        set_up("mine", Fails(), configured(), tmp_path)


def test_a_callback_that_cannot_be_closed_does_not_hide_how_the_run_ended():
    written = StringIO()
    close("mine", Fails(), Console(file=written, width=200))
    assert "callbacks.mine: close raised ValueError: b (at training/test_assembly.py:" in written.getvalue()


def build(kind):
    config = configured()
    algorithm = kind.model_construct(**dict(config.algorithm))
    return build_agent(config.model_copy(update={"algorithm": algorithm}), choose(config.hardware))


def test_an_agent_needs_no_more_than_the_protocol():
    assert isinstance(build(MinimalConfig), RecordingAgent)


def test_an_agent_that_lacks_members_is_refused_by_name():
    missing = "its agent, a Half, has no drain, is_finite, load_state_dict, progress_tags; av_td3/agents/agent.py"
    with pytest.raises(ConfigError, match=re.escape(missing)):
        build(HalfConfig)
