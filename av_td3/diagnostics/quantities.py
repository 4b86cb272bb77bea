"""The quantities of other algorithms that the diagnosis looks at, beside those that our runs log (``metrics.py``).

A log of another program gets a copy of its series under these names. The first word of a name is its group, as in our tags.
"""

from av_td3 import metrics

POLICY_LOSS = "train/policy_loss"  # of PPO and A2C: the surrogate objective, which is not minus Q
VALUE_LOSS = "train/value_loss"  # squared error of the state value
TOTAL_LOSS = "train/loss"  # the only loss of DQN, the sum of all of PPO
APPROX_KL = "train/approx_kl"  # KL divergence of an update's new policy from the old one
CLIP_FRACTION = "train/clip_fraction"  # share of the probability ratios that PPO clipped, 0 to 1
EXPLAINED_VARIANCE = "train/explained_variance"  # of the returns by the state value; 1 is perfect, 0 no better than a constant
ENTROPY = "train/entropy"  # of the policy; some programs log it negated
STD = "train/std"  # standard deviation of a Gaussian policy
TEMPERATURE = "train/ent_coef"  # alpha of SAC
EPSILON = "train/exploration_rate"  # share of random actions of DQN, 0 to 1
Q_MAX = "train/q_max"  # the largest Q of a batch
LEARNING_RATE = "train/learning_rate"
STEP_REWARD = "train/step_reward"  # mean reward per step
EPISODE_SECONDS = "episode/seconds"  # duration of an episode

OTHERS = (
    *(POLICY_LOSS, VALUE_LOSS, TOTAL_LOSS, APPROX_KL, CLIP_FRACTION, EXPLAINED_VARIANCE, ENTROPY, STD, TEMPERATURE),
    *(EPSILON, LEARNING_RATE, Q_MAX, STEP_REWARD, EPISODE_SECONDS),
)
FROM_OURS = (
    *(metrics.ACTOR_LOSS, metrics.CRITIC_LOSS, *metrics.Q_VALUES, metrics.ACTOR_Q_MEAN, metrics.TARGET_Q_MEAN),
    *(metrics.Q1_Q2_DIFF, metrics.TD_ERROR, metrics.UPDATES, metrics.ENV_STEPS_PER_S),
    *(metrics.EPISODE_REWARD, metrics.EPISODE_LENGTH, metrics.EPISODE_SUCCESS),
    *(metrics.EVAL_REWARD, metrics.EVAL_LENGTH, metrics.EVAL_SUCCESS),
)
QUANTITIES = (*FROM_OURS, *OTHERS)  # what a tag of another program can be read as
