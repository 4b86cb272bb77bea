"""Keys that runs of earlier versions lack, with the values that mean what those runs did."""

import copy
from typing import Any

NEW_KEYS: dict[str, Any] = {  # since version 0.2.0
    "init_from": None,
    "scenario.town_every_episodes": 1,
    "scenario.validation_routes": None,
    "scenario.test_routes": None,
    "replay.fill_with": None,
    "evaluation.video_every_steps": None,
}
NEW_TD3_KEYS: dict[str, Any] = {"lr_end_factor": 1.0}
TD3_KEYS = {"actor_cnn_lr", "critic_cnn_lr", "policy_noise", "noise_clip", "policy_freq", "pre_tanh_penalty"}  # that it has had
RENDER = {"x": -6.5, "y": 0.0, "z": 3.0, "pitch": -12.0, "yaw": 0.0, "fov": 90.0, "width": 480, "height": 360, "map_span": 80.0}


def completed(content: dict[str, Any]) -> dict[str, Any]:
    """The config of a run, with the keys that its version did not have.

    Args:
        content: as read from the run's ``config.yaml``.

    """
    out = {"render": RENDER} | copy.deepcopy(content)
    for key, value in NEW_KEYS.items():
        section, _, name = key.rpartition(".")
        found = out.get(section) if section else out
        if isinstance(found, dict):
            found.setdefault(name, value)
    algorithm = out.get("algorithm")
    if isinstance(algorithm, dict) and algorithm.keys() >= TD3_KEYS:
        out["algorithm"] = NEW_TD3_KEYS | algorithm
    return out
