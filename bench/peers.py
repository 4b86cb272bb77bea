"""Steps per second of other simulators, as JSON. ``bench/simulator.py`` runs ``main`` in an interpreter that has them."""

import json
import logging
import sys
import time

STEPS = 200


def rate(env, action):
    """Steps per second of a Gymnasium environment."""
    env.reset(seed=0)
    env.step(action)
    began = time.perf_counter()
    for _ in range(STEPS):
        *_, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return STEPS / (time.perf_counter() - began)


def highway(observation, **more):
    """highway-env with twenty cars and one simulation step of 0.1 s in each step."""
    import gymnasium
    import highway_env  # noqa: F401

    times = {"simulation_frequency": 10, "policy_frequency": 10, "duration": 10**6}
    config = {"vehicles_count": 20, "offscreen_rendering": True, "observation": observation, **times}
    env = gymnasium.make("highway-v0", config=config, **more)
    result = rate(env, 1)
    env.close()
    return result


def metadrive():
    """MetaDrive with its traffic, and without an image."""
    from metadrive import MetaDriveEnv

    env = MetaDriveEnv({"use_render": False, "traffic_density": 0.1, "log_level": logging.ERROR})
    result = rate(env, [0.0, 0.1])
    env.close()
    return result


GRAYSCALE = {
    "type": "GrayscaleObservation",
    "observation_shape": (84, 84),
    "stack_size": 1,
    "weights": [0.3, 0.6, 0.1],
    "scaling": 1.75,
}
CASES = {
    "highway-env, 20 cars, no image": lambda: highway({"type": "Kinematics"}),
    "highway-env, 20 cars, 84x84 from above": lambda: highway(GRAYSCALE, render_mode="rgb_array"),
    "MetaDrive, its traffic, no image": metadrive,
}


def main():
    out = {}
    for name, measure in CASES.items():
        try:
            out[name] = measure()
        except Exception as error:  # not installed, or its data cannot be downloaded
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    print(json.dumps(out))
