import re

import numpy as np
import pytest

from av_td3.config.errors import ConfigError
from av_td3.diagnostics.tags import parse_tag, read_tags
from av_td3.runs.scalars import Series


def read_scalars(logged):
    return read_tags(logged).scalars


def series(values, steps=None):
    values = np.asarray(values, np.float64)
    return Series(np.arange(len(values)) if steps is None else np.asarray(steps), values)


def test_names_of_other_programs_are_known():
    sb3 = read_scalars({"rollout/ep_len_mean": series([50, 40], [400, 800]), "train/n_updates": series([9.0])})
    assert sb3["episode/length"].values.tolist() == [50, 40]
    assert sb3["train/updates"].values.tolist() == [9.0]
    cleanrl = read_scalars({"losses/qf_loss": series([2.0]), "losses/qf1_values": series([7.0])})
    assert cleanrl["train/critic_loss"].values.tolist() == [4.0]  # it halves the sum of both critics' losses
    assert cleanrl["train/q1_value"].values.tolist() == [7.0]


def test_our_own_name_counts_first_and_nothing_is_lost():
    scalars = {"train/actor_loss": series([1.0]), "losses/actor_loss": series([2.0])}
    assert read_scalars(scalars) == scalars


def test_percentages_become_shares():
    assert read_scalars({"rewards/progress_percentage": series([85.0])})["reward/share_progress"].values.tolist() == [0.85]


def test_episodes_logged_by_their_number_move_to_the_environment_steps_at_which_they_ended():
    scalars = {
        "train/episode_length": series([50, 30, 20]),
        "rewards/safety_percentage": series([10.0, 20.0], [0, 2]),
        "train/critic_loss": series([1.0], [90]),
    }
    ours = read_scalars(scalars)
    assert ours["episode/length"].steps.tolist() == [50, 80, 100]
    assert ours["reward/share_safety"].steps.tolist() == [50, 100]
    assert ours["train/critic_loss"].steps.tolist() == [90]


def test_episodes_logged_by_environment_steps_stay():
    ours = read_scalars({"episode/length": series([50, 30], [50, 80])})
    assert ours["episode/length"].steps.tolist() == [50, 80]


def test_of_several_tags_for_one_quantity_the_plainest_is_read():
    rewards = ("Cumulative Reward/info", "Average Episodic Reward/info", "Episodic Reward/episode", "custom/mean_reward")
    assert read_tags({tag: series([1.0]) for tag in rewards}).read_as["episode/reward"] == "Episodic Reward/episode"
    losses = ("losses/qf2_loss", "losses/qf1_loss", "losses/qf_loss")
    assert read_tags({tag: series([1.0]) for tag in losses}).read_as["train/critic_loss"] == "losses/qf_loss"
    kl = ("losses/old_approx_kl", "losses/approx_kl")
    assert read_tags({tag: series([1.0]) for tag in kl}).read_as["train/approx_kl"] == "losses/approx_kl"


def test_a_loss_of_the_actor_is_minus_q_only_where_the_critic_is_q():
    off_policy = {"Actor Loss": series([1.0]), "loss": series([2.0])}
    assert read_tags(off_policy).read_as == {"train/actor_loss": "Actor Loss", "train/critic_loss": "loss"}
    on_policy = off_policy | {"clip_fraction": series([0.1])}
    assert read_tags(on_policy).read_as["train/policy_loss"] == "Actor Loss"
    assert "train/actor_loss" not in read_tags(on_policy).read_as


def test_a_tag_is_read_as_what_the_user_says():
    logged = {"Av. Q": series([1.0]), "mine": series([2.0]), "loss": series([3.0])}
    reading = read_tags(logged, {"mine": "train/q1_value", "Av. Q": "episode/reward"})
    assert reading.read_as["train/q1_value"] == "mine"
    assert reading.scalars["episode/reward"].values.tolist() == [1.0]
    assert set(logged) <= set(reading.scalars)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Av. Q", "must be TAG=NAME"),
        ("=train/q1_value", "must be TAG=NAME"),
        ("Av. Q=train/q_value", "no such name; did you mean train/q2_value?"),
    ],
)
def test_what_is_no_tag_and_name_is_refused_in_one_line(text, said):
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        parse_tag(text)
    assert "\n" not in str(caught.value)


def test_a_tag_with_an_equals_sign_is_parsed_from_the_right():
    assert parse_tag("lr=0.1/Reward=episode/reward") == ("lr=0.1/Reward", "episode/reward")


def test_a_tag_that_was_not_logged_is_refused():
    with pytest.raises(ConfigError, match=re.escape("--tag Av. R: not in the log; did you mean Av. Q?")):
        read_tags({"Av. Q": series([1.0])}, {"Av. R": "train/q1_value"})


def test_episodes_by_number_stay_where_nothing_is_by_step():
    scalars = {"Episode/Length": series([20, 30, 40], [501, 502, 503]), "Episode/Reward": series([1, 2, 3], [501, 502, 503])}
    assert read_tags(scalars).scalars["episode/reward"].steps.tolist() == [501, 502, 503]
