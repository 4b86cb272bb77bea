import re

import pytest

from av_td3.agents.build import build_agent
from av_td3.agents.compute import choose
from av_td3.agents.td3_config import TD3Config
from av_td3.config.errors import ConfigError
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
