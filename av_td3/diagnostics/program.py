"""Which program wrote a log, and what it calls the settings that findings recommend."""

from collections.abc import Container
from enum import Enum

from av_td3 import metrics


class Program(Enum):
    """A program that writes logs."""

    OURS = "av-td3"
    SB3 = "Stable-Baselines3"
    CLEANRL = "CleanRL"
    OTHER = "another program"

    def name_of(self, setting: str) -> str:
        """What this program calls a setting.

        Args:
            setting: one of the keys of ``SETTINGS``.

        """
        return SETTINGS[setting].get(self, SETTINGS[setting][Program.OTHER])


_LR = {Program.SB3: "learning_rate", Program.CLEANRL: "--learning-rate"}
SETTINGS: dict[str, dict[Program, str]] = {
    "critic_lr": _LR | {Program.OURS: "algorithm.critic_lr", Program.OTHER: "the critic's learning rate"},
    "actor_lr": _LR | {Program.OURS: "algorithm.actor_lr", Program.OTHER: "the actor's learning rate"},
    "lr": _LR | {Program.OURS: "algorithm.critic_lr", Program.OTHER: "the learning rate"},
    "tau": {
        Program.OURS: "algorithm.tau",
        Program.SB3: "tau (DQN: raise target_update_interval)",
        Program.CLEANRL: "--tau (DQN: raise --target-network-frequency)",
        Program.OTHER: "the rate at which the target networks follow",
    },
    "scale_rewards": {
        Program.OURS: "clip rewards (reward.clip) or normalise them (algorithm.reward_normalization=true)",
        Program.SB3: "normalise rewards and observations with VecNormalize",
        Program.CLEANRL: "normalise rewards with gymnasium.wrappers.NormalizeReward",
        Program.OTHER: "scale or clip the rewards, so that a step is worth about 1",
    },
    "truncation": {
        Program.OURS: "time limits must be truncations (scenario.endings), not terminations",
        Program.SB3: "time limits must set truncated, not terminated (gymnasium.wrappers.TimeLimit does)",
        Program.CLEANRL: "time limits must be bootstrapped: store terminations, not dones, in the replay",
        Program.OTHER: "time limits must be bootstrapped: only a true end of the task may cut off the target",
    },
    "learning_starts": {
        Program.OURS: "algorithm.learning_starts",
        Program.SB3: "learning_starts",
        Program.CLEANRL: "--learning-starts",
        Program.OTHER: "the number of steps before learning starts",
    },
    "exploration": {
        Program.OURS: "algorithm.exploration_noise",
        Program.SB3: "action_noise (DQN: exploration_fraction, SAC: ent_coef)",
        Program.CLEANRL: "--exploration-noise (DQN: --exploration-fraction, SAC: --alpha)",
        Program.OTHER: "the exploration noise (epsilon, entropy)",
    },
    "temperature": {
        Program.OURS: "the temperature",
        Program.SB3: "a fixed ent_coef (for example 0.1), or a lower target_entropy (auto: minus the action components)",
        Program.CLEANRL: "--no-autotune with a fixed --alpha, or a lower target entropy (minus the action components)",
        Program.OTHER: "a fixed temperature (for example 0.1), or a lower target entropy (minus the action components)",
    },
    "policy_step": {
        Program.OURS: "the learning rate",
        Program.SB3: "learning_rate or n_epochs, or set target_kl (for example 0.02)",
        Program.CLEANRL: "--learning-rate or --update-epochs, or set --target-kl (for example 0.02)",
        Program.OTHER: "the learning rate or the number of epochs per batch, or stop an update at a KL of 0.02",
    },
    "value_lr": {
        Program.OURS: "algorithm.critic_lr",
        Program.SB3: "learning_rate or vf_coef",
        Program.CLEANRL: "--learning-rate or --vf-coef",
        Program.OTHER: "the value function's learning rate",
    },
    "entropy_bonus": {
        Program.OURS: "the entropy bonus",
        Program.SB3: "ent_coef",
        Program.CLEANRL: "--ent-coef",
        Program.OTHER: "the entropy bonus",
    },
    "discount": {
        Program.OURS: "algorithm.discount",
        Program.SB3: "gamma",
        Program.CLEANRL: "--gamma",
        Program.OTHER: "the discount",
    },
    "longer": {
        Program.OURS: "total_steps, or log more often (logging.every_updates)",
        Program.SB3: "total_timesteps, or log more often (log_interval)",
        Program.CLEANRL: "--total-timesteps",
        Program.OTHER: "the number of steps, or log more often",
    },
    "smaller_steps": {
        Program.OURS: "algorithm.critic_lr and algorithm.tau",
        Program.SB3: "learning_rate and tau (DQN: raise target_update_interval)",
        Program.CLEANRL: "--learning-rate and --tau (DQN: raise --target-network-frequency)",
        Program.OTHER: "the critic's learning rate and the rate at which the target networks follow",
    },
}


def program_of(tags: Container[str], has_config: bool) -> Program:
    """Tell the program from its tags.

    Args:
        tags: of the log.
        has_config: whether there is a config of ours beside the log.

    """
    if has_config or any(tag in tags for tag in (*metrics.GRAD_NORMS, *map(metrics.module_norm, metrics.MODULES))):
        return Program.OURS  # nobody else logs these norms
    if any(tag in tags for tag in ("rollout/ep_rew_mean", "rollout/ep_len_mean", "time/total_timesteps", "train/n_updates")):
        return Program.SB3
    if any(tag in tags for tag in ("charts/episodic_return", "charts/SPS", "charts/learning_rate")):
        return Program.CLEANRL
    return Program.OTHER
