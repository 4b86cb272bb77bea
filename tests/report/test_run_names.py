import pytest

from av_td3.report.run_names import settings_in


@pytest.mark.parametrize(
    ("names", "settings"),
    [
        (["PPO_1", "PPO_2", "SAC_1"], ["PPO", "PPO", "SAC"]),
        (["PPO_1", "PPO_2", "PPO_3", "PPO_10"], ["PPO_1", "PPO_2", "PPO_3", "PPO_10"]),  # 4 runs, but a number of 10
        (["batch_64", "batch_256"], ["batch_64", "batch_256"]),
        (["CartPole-v1__ppo__1__1795668023", "CartPole-v1__ppo__2__1795669023"], ["CartPole-v1__ppo"] * 2),
        (["HalfCheetah-v4", "Ant-v4"], ["HalfCheetah-v4", "Ant-v4"]),
        (["sac_seed0", "sac_seed42", "td3-seed=7"], ["sac", "sac", "td3"]),
        (["seed_1/tb", "seed_2/tb"], ["", ""]),
        (["lr_0.001/0", "lr_0.001/1", "lr_0.01/0"], ["lr_0.001", "lr_0.001", "lr_0.01"]),
        (["ddpg_2026-11-26_10-00-00", "ddpg_20261126-110000", "ddpg 1795668023"], ["ddpg"] * 3),
        (["Nov26_10-00-00_host", "Nov27_11-30-00_host"], ["host", "host"]),
        (["0", "1", "2"], ["", "", ""]),
        (["runs/dqn/train", "runs/dqn/eval"], ["dqn", "dqn/eval"]),
    ],
)
def test_the_setting_is_the_name_without_run_seed_and_time(names, settings):
    assert settings_in(names) == settings
