import numpy as np

from av_td3.diagnostics.tags import resolve_aliases
from av_td3.runs.scalars import Series


def series(values, steps=None):
    values = np.asarray(values, np.float64)
    return Series(np.arange(len(values)) if steps is None else np.asarray(steps), values)


def test_names_of_other_programs_are_known():
    sb3 = resolve_aliases({"rollout/ep_len_mean": series([50, 40], [400, 800]), "train/n_updates": series([9.0])})
    assert sb3["episode/length"].values.tolist() == [50, 40]
    assert sb3["train/updates"].values.tolist() == [9.0]
    cleanrl = resolve_aliases({"losses/qf_loss": series([2.0]), "losses/qf1_values": series([7.0])})
    assert cleanrl["train/critic_loss"].values.tolist() == [4.0]  # it halves the sum of both critics' losses
    assert cleanrl["train/q1_value"].values.tolist() == [7.0]


def test_our_own_name_counts_first_and_nothing_is_lost():
    scalars = {"train/actor_loss": series([1.0]), "losses/actor_loss": series([2.0])}
    assert resolve_aliases(scalars) == scalars


def test_percentages_become_shares():
    assert resolve_aliases({"rewards/progress_percentage": series([85.0])})["reward/share_progress"].values.tolist() == [0.85]


def test_episodes_logged_by_their_number_move_to_the_environment_steps_at_which_they_ended():
    scalars = {
        "train/episode_length": series([50, 30, 20]),
        "rewards/safety_percentage": series([10.0, 20.0], [0, 2]),
        "train/critic_loss": series([1.0], [90]),
    }
    ours = resolve_aliases(scalars)
    assert ours["episode/length"].steps.tolist() == [50, 80, 100]
    assert ours["reward/share_safety"].steps.tolist() == [50, 100]
    assert ours["train/critic_loss"].steps.tolist() == [90]


def test_episodes_logged_by_environment_steps_stay():
    ours = resolve_aliases({"episode/length": series([50, 30], [50, 80])})
    assert ours["episode/length"].steps.tolist() == [50, 80]
