"""Writes folders of evaluations without a simulator."""

from dataclasses import replace

import numpy as np

from av_td3.evaluation.driving_measures import failed_columns
from av_td3.runs.evaluated_episodes import EvaluatedEpisode, write_evaluated_episodes
from av_td3.runs.evaluated_trajectories import EvaluatedTrajectory, write_evaluated_trajectories
from av_td3.runs.evaluation_folder import (
    EpisodeProblem,
    EvaluatedPolicy,
    Evaluation,
    RouteSet,
    write_evaluation,
)
from av_td3.runs.town_map import write_lanes

ENDINGS = ("collision", "off_road", "wrong_way", "time_limit")


def episodes(policies=("seed 0", "seed 1"), routes=10, repeats=2, shift=0.0, seed=0, spread=0.2, noise=0.05):
    """Episodes of policies that drive the same routes; the score depends on the route, the policy, and chance."""
    rng = np.random.default_rng(seed)
    difficulty = np.random.default_rng(7).normal(0.0, spread, routes)  # the same for all evaluations
    rows = []
    for policy in policies:
        skill = rng.normal(0.0, 0.05)
        for route in range(routes):
            for repeat in range(repeats):
                score = float(np.clip(0.6 + shift + skill + difficulty[route] + rng.normal(0.0, noise), 0.0, 1.0))
                rows.append(_episode(policy, f"r{route:02d}", repeat, score, rng))
    return rows


def _episode(policy, route, repeat, score, rng):
    success = score > 0.65
    return EvaluatedEpisode(
        policy=policy,
        route=route,
        repeat=repeat,
        town="Suburb01",
        weather="ClearNoon",
        route_length=200.0,
        ending="goal" if success else str(rng.choice(ENDINGS)),
        success=int(success),
        route_completion=1.0 if success else score,
        driving_score=score,
        reward=100.0 * score,
        steps=200,
        distance=200.0 * score,
        mean_speed=5.0 + float(rng.normal()),
        speed_error=1.0 - score,
        lane_invasions_per_km=float(rng.integers(0, 4)),
        lateral_rms=0.5 - 0.3 * score,
        heading_rms=5.0 - 3.0 * score,
        jerk_rms=float(rng.uniform(1.0, 3.0)),
        lateral_acceleration_max=float(rng.uniform(1.0, 3.0)),
        min_time_to_collision=float(rng.uniform(1.0, 9.0)) if repeat else None,
        collisions=int(not success),
        outside_lane_share=0.1 * (1.0 - score),
        simulator_losses=0,
    )


def of(rows, **changes):
    """The evaluation of these episodes, whose policies are trained."""
    names = dict.fromkeys(row.policy for row in rows)
    content = {
        "policies": [EvaluatedPolicy(name, f"outputs/{name}", 100_000) for name in names],
        "routes": RouteSet("suburb", "conf/routes/suburb.yaml", len({row.route for row in rows})),
        "seed": 0,
        "repeats": len({row.repeat for row in rows}),
        "settings": {"scenario.npc_vehicles": 20, "scenario.max_episode_steps": 500},
        "time": "2026-01-01T00:00:00+0000",
        "version": "0.3.0",
    }
    return Evaluation(**(content | changes))


def write(folder, rows, evaluation=None, trajectories=True):
    """The folder of an evaluation."""
    folder.mkdir(parents=True, exist_ok=True)
    write_evaluated_episodes(folder, rows)
    write_evaluation(folder, of(rows) if evaluation is None else evaluation)
    if trajectories:
        write_evaluated_trajectories(folder, [_trajectory(row) for row in rows if row.is_driven])
        write_lanes(folder, [np.array([[x, 0.0], [x, 180.0]]) for x in range(0, 200, 40)])
    return folder


def _trajectory(row):
    """A drive around a corner of the town, cut off where the route ended."""
    index = int(row.route[1:])
    x0, turn = 40.0 * (index % 4), 40.0 + 10.0 * (index % 5)
    s = np.linspace(0.0, 120.0 * row.route_completion, 60)
    lane = np.column_stack([x0 + np.clip(s - turn, 0.0, None), np.minimum(s, turn)])
    wobble = 0.8 * np.sin(s / 7.0 + hash_of(row.policy))
    points = np.column_stack([lane[:, 0] + wobble, lane[:, 1], np.full(60, 5.0), np.sin(s), np.cos(s)])
    return EvaluatedTrajectory(*row.key, points)


def hash_of(name):
    return sum(map(ord, name)) % 5


def with_a_failure(rows):
    """The last episode could not be driven and counts as zero, the first was driven twice."""
    failed = replace(rows[-1], **failed_columns(), route_length=None, simulator_losses=3)
    first = replace(rows[0], simulator_losses=1)
    evaluation = of(
        rows,
        losses=[EpisodeProblem(*first.key, "no answer within 10 s")],
        failures=[EpisodeProblem(*failed.key, "the simulator was lost 3 times")],
    )
    return [first, *rows[1:-1], failed], evaluation
