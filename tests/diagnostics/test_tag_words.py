"""Tags of other programs, and what they are read as."""

import pytest

from av_td3 import metrics
from av_td3.diagnostics import quantities as q
from av_td3.diagnostics.tag_words import is_a_loss, is_action_mean, recognize

NAMES = {
    metrics.EPISODE_REWARD: (
        *("rollout/ep_rew_mean", "charts/episodic_return", "train/episode_reward", "train/reward", "Common/training_return"),
        *("episode_reward", "Training Reward", "Episode Reward", "Episode/Reward", "Reward", "reward_avg", "Reward/(t)"),
        *("Episodic Reward/episode", "AverageEpRet", "EpRewMean", "env_runners/episode_return_mean", "avg_score", "returns"),
        *("rewards/step", "rewards/iter", "Train/mean_reward", "Reward / Total reward (mean)", "Environment/Cumulative Reward"),
        *("exploration/Returns Mean", "Avg. Reward (100 eps)", "Cumulative Reward/info"),
    ),
    metrics.EVAL_REWARD: (
        *("eval/mean_reward", "eval/episode_reward", "test/reward", "eval/return_mean", "evaluation/Average Returns"),
        *("AverageTestEpRet", "Evaluation Reward"),
    ),
    metrics.EPISODE_LENGTH: (
        *("rollout/ep_len_mean", "charts/episodic_length", "Episode Length", "Episode/Length", "nb_episode_steps", "EpLen"),
    ),
    metrics.EVAL_LENGTH: ("eval/mean_ep_length", "eval/avg_episode_length", "TestEpLen"),
    q.EPISODE_SECONDS: ("Episode Length (s)/info", "episode/duration"),
    metrics.EPISODE_SUCCESS: ("is_success", "win_rate", "rollout/success_rate", "Episode/Success"),
    metrics.CRITIC_LOSS: (
        *("train/critic_loss", "losses/qf_loss", "losses/qf1_loss", "losses/td_loss", "train_critic/loss", "loss/critic1"),
        *("Critic Loss", "critic_loss", "trainer/QF1 Loss", "DDPG/critic_loss", "LossQ", "train/critic1_loss", "critic/loss"),
    ),
    q.POLICY_LOSS: (
        *("losses/actor_loss", "loss/actor", "train_actor/loss", "Actor Loss", "losses/policy_loss", "trainer/Policy Loss"),
        *("Loss/surrogate", "train/policy_gradient_loss", "LossPi", "loss/policy_gradient_loss"),
    ),
    q.VALUE_LOSS: (
        *("info/learner/default_policy/learner_stats/vf_loss", "Loss/value_function"),
        *("train/value_loss", "losses/value_loss", "loss/value_function_loss", "LossV", "loss/vf"),
    ),
    q.TOTAL_LOSS: ("train/loss", "loss", "Loss/Mean", "total_loss"),
    metrics.Q1_VALUE: (
        *("losses/qf1_values", "losses/q_values", "train/critic_q1", "mean_q", "Av. Q", "train/avg_Q"),
        *("stats/mean_q_1", "Q1Vals"),
        *("trainer/Q1 Predictions Mean", "debug/q1_mean"),
    ),
    metrics.Q2_VALUE: ("losses/qf2_values", "train/critic_q2", "debug/q2_mean"),
    q.Q_MAX: ("Max. Q", "Qmax_Value"),
    metrics.TARGET_Q_MEAN: ("train/critic_target_q", "trainer/Q Targets Mean"),
    metrics.ACTOR_Q_MEAN: ("train/actor_q",),
    q.TEMPERATURE: ("train/ent_coef", "losses/alpha", "train_alpha/value", "alpha", "trainer/Alpha"),
    q.ENTROPY: ("train/entropy_loss", "losses/entropy", "loss/entropy_loss", "policy/entropy", "train_actor/entropy"),
    q.APPROX_KL: ("train/approx_kl", "losses/approx_kl", "loss/approximate_kullback-leibler", "KL"),
    q.CLIP_FRACTION: ("train/clip_fraction", "losses/clipfrac", "loss/clip_factor", "ClipFrac"),
    q.EXPLAINED_VARIANCE: ("train/explained_variance", "losses/explained_variance"),
    q.STD: ("train/std", "Policy/mean_noise_std", "Policy / Standard deviation"),
    q.EPSILON: ("rollout/exploration_rate", "Epsilon/info", "epsilon", "charts/epsilon"),
    q.STEP_REWARD: ("train/batch_reward",),
    q.LEARNING_RATE: ("train/learning_rate", "charts/learning_rate", "agent/actor_lr", "lr"),
    metrics.UPDATES: ("train/n_updates",),
    metrics.ENV_STEPS_PER_S: ("time/fps", "charts/SPS"),
    None: (
        *("reward/progress", "reward/collision_penalty", "rewards/speed", "eval/return_std", "StdEpRet", "MaxEpRet", "min_q"),
        *("custom/avg_speed", "Average Distance Covered (m)/episode", "replay_buffer_size", "train_actor/target_entropy"),
        *("policy/log_std", "adv/std", "obs/std", "time/episodes", "val_loss", "model_loss", "objective/kl", "replay/alpha"),
        *("val/loss", "TotalEnvInteracts", "train/actor_logprob", "time/iterations", "charts/update", "eval/Q", "", "/", "..."),
        *("lr_factor", "run - train/lr_factor", "lr_scale"),
    ),
}


@pytest.mark.parametrize(("quantity", "tag"), [(quantity, tag) for quantity, tags in NAMES.items() for tag in tags])
def test_a_tag_is_read_by_its_words(quantity, tag):
    assert recognize(tag) == quantity


@pytest.mark.parametrize(
    "tag",
    [
        "critic loss",
        "CRITIC_LOSS",
        "criticLoss",
        "CriticLoss",
        "loss-critic",
        "run3/Loss/Critic",
        "critic.loss",
        "my agent/Critic_Loss",
    ],
)
def test_case_separators_order_and_prefix_do_not_matter(tag):
    assert recognize(tag) == metrics.CRITIC_LOSS


@pytest.mark.parametrize("tag", ["train/ent_coef_loss", "losses/alpha_loss", "loss/alpha", "train_alpha/loss"])
def test_the_loss_of_the_temperature_is_no_temperature(tag):
    assert recognize(tag) not in q.QUANTITIES


def test_a_loss_and_the_mean_of_an_action_are_known_by_their_words():
    losses = ["mean_absolute_error", "model/recon_loss", "grad_norm"]
    assert [tag for tag in (*losses, "time/fps", "reward") if is_a_loss(tag)] == losses
    for tag in ("debug/action_steering_mean", "Action/Steer", "actions/mean_0"):
        assert is_action_mean(tag)
    for tag in ("actions/std_mean", "debug/action_saturation", "reward/action_penalty", "episode/length"):
        assert not is_action_mean(tag)
