import pytest
import torch

from av_td3.agents.compute import Compute
from av_td3.config.errors import ConfigError
from av_td3.training.assembly import check_start
from av_td3.training.initial_weights import check_init_from, load_initial_weights
from tests.policies.saved_policy import SMALL, build, write_policy
from tests.training.fakes import RecordingAgent

CPU = Compute(torch.device("cpu"), bf16=False)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source") / "run"
    return folder, write_policy(folder, scores=[(10, 5.0), (20, 1.0)])


def load(compose_config, path, *overrides):
    config = compose_config(*SMALL, *overrides, f"init_from={path}")
    agent = build(config, seed=7)
    return agent, load_initial_weights(agent, config, config.init_from)


@pytest.mark.parametrize(("path", "step"), [("", 20), ("checkpoints/000000010", 10)])
def test_the_weights_are_those_of_the_last_or_the_named_checkpoint(source, compose_config, path, step):
    folder, agents = source
    agent, place = load(compose_config, folder / path, "reward.target_speed=20", "scenario.town=Ring01", "simulator=carla")
    assert place.name == f"{step:09d}"
    assert agent.updates == 0
    for network in ("actor", "critic", "actor_target", "critic_target"):
        expected = agents[step].state_dict()[network]
        assert all(torch.equal(agent.state_dict()[network][name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ["network.feature_dim=7"],
            "action or algorithm of this run (encoder.trunk.0.weight is torch.Size([",
        ),
        (["network.feature_dim=7"], "; network.feature_dim is 50 there, 7 here"),
        (["network.gradient_routing=critic_owned"], "(network.gradient_routing is separate there, critic_owned here"),
        (["algorithm=ddpg"], "of this run (algorithm.critics is 2 there, 1 here"),
        (["observation.stack=3"], "; observation.stack is 4 there, 3 here"),
    ],
)
def test_networks_of_other_shapes_are_refused_in_one_line(source, compose_config, overrides, words):
    with pytest.raises(ConfigError) as caught:
        check_init_from(compose_config(*SMALL, *overrides, f"init_from={source[0]}"), CPU)
    assert str(caught.value).startswith(f"init_from={source[0]}: the networks of ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_algorithm_and_an_agent_that_cannot_are_refused(source, compose_config, tmp_path):
    write_policy(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text().replace("av_td3.agents.td3_config.TD3Config", "theirs.Other"))
    with pytest.raises(ConfigError, match=r"000000010 is of algorithm\._target_=theirs\.Other; must be of av_td3\.agents"):
        load(compose_config, tmp_path)
    with pytest.raises(ConfigError, match=r"^init_from=.*TD3Config has no load_weights; "):
        load_initial_weights(RecordingAgent(), compose_config(), str(source[0]))


def test_a_run_that_has_a_checkpoint_does_not_read_it(compose_config, source, tmp_path):
    config = compose_config(*SMALL, f"init_from={tmp_path / 'nowhere'}")
    check_start(config, source[0])
    with pytest.raises(ConfigError, match=r"^init_from=.*nowhere: .*nowhere: not the folder of a run"):
        check_start(config, tmp_path / "new")
    check_start(compose_config(*SMALL), tmp_path / "new")
