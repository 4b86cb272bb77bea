"""Which program wrote a log, and what it calls the settings that findings recommend."""

from collections.abc import Container
from enum import Enum

from av_td3 import metrics
from av_td3.diagnostics.algorithm import Algorithm


class Program(Enum):
    """A program that writes logs."""

    OURS = "av-td3"
    SB3 = "Stable-Baselines3"
    CLEANRL = "CleanRL"
    OTHER = "another program"

    def name_of(self, setting: str, algorithm: Algorithm) -> str:
        """What this program calls a setting.

        Args:
            setting: one of the keys of ``SETTINGS``.
            algorithm: whose setting it is.

        """
        name = SETTINGS[setting].get(self, SETTINGS[setting][Program.OTHER])
        return name if isinstance(name, str) else name.get(algorithm, name[Algorithm.UNKNOWN])


_CLEANRL_LR = {Algorithm.SAC: "--q-lr and --policy-lr", Algorithm.UNKNOWN: "--learning-rate"}
_LR: dict[Program, str | dict[Algorithm, str]] = {Program.SB3: "learning_rate", Program.CLEANRL: _CLEANRL_LR}
# By setting and program: the name, or the names by algorithm.
SETTINGS: dict[str, dict[Program, str | dict[Algorithm, str]]] = {
    "critic_lr": _LR | {Program.OURS: "algorithm.critic_lr", Program.OTHER: "the critic's learning rate"},
    "actor_lr": _LR | {Program.OURS: "algorithm.actor_lr", Program.OTHER: "the actor's learning rate"},
    "lr": _LR | {Program.OURS: "algorithm.critic_lr", Program.OTHER: "the learning rate"},
    "tau": {
        Program.OURS: "algorithm.tau",
        Program.SB3: "tau",
        Program.CLEANRL: "--tau",
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
        Program.SB3: {
            Algorithm.TD3: "action_noise",
            Algorithm.DQN: "exploration_fraction and exploration_final_eps",
            Algorithm.UNKNOWN: "ent_coef",
        },
        Program.CLEANRL: {
            Algorithm.TD3: "--exploration-noise",
            Algorithm.DQN: "--exploration-fraction and --end-e",
            Algorithm.SAC: "--alpha",
            Algorithm.UNKNOWN: "--ent-coef",
        },
        Program.OTHER: {
            Algorithm.DQN: "epsilon",
            Algorithm.TD3: "the noise on the actions",
            Algorithm.UNKNOWN: "noise or entropy",
        },
    },
    "batch_size": {
        Program.OURS: "algorithm.batch_size",
        Program.SB3: "batch_size",
        Program.CLEANRL: "--batch-size",
        Program.OTHER: "batch size",
    },
    "reward_weights": {
        Program.OURS: "reward.weights.",
        Program.SB3: "the weight of ",
        Program.CLEANRL: "the weight of ",
        Program.OTHER: "the weight of ",
    },
    "trunk": {
        Program.OURS: "use network.trunk=layernorm_tanh",
        Program.SB3: "put a LayerNorm before its heads",
        Program.CLEANRL: "put a LayerNorm before its heads",
        Program.OTHER: "put a LayerNorm before its heads",
    },
    "temperature": {
        Program.OURS: "the temperature",
        Program.SB3: "a fixed ent_coef (such as 0.1), or a lower target_entropy (auto: minus the number of action dimensions)",
        Program.CLEANRL: "--no-autotune with a fixed --alpha, or a lower target entropy (minus the action dimensions)",
        Program.OTHER: "a fixed temperature (such as 0.1), or a lower target entropy (minus the number of action dimensions)",
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
        Program.SB3: {
            Algorithm.DQN: "learning_rate, raise target_update_interval",
            Algorithm.UNKNOWN: "learning_rate and tau",
        },
        Program.CLEANRL: {
            Algorithm.DQN: "--learning-rate, raise --target-network-frequency",
            Algorithm.SAC: "--q-lr and --tau",
            Algorithm.UNKNOWN: "--learning-rate and --tau",
        },
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
