"""The driving score of the CARLA leaderboard 1.0 and 2.0: route completion times a penalty for each infraction.

https://leaderboard.carla.org/evaluation_v2_0/; the coefficients are those of its statistics manager. Red lights, stop signs,
yielding to emergency vehicles, minimum speed and the time limits of scenarios are not measured here.
"""

PENALTIES = {"walker": 0.5, "vehicle": 0.6, "static": 0.65}  # of a collision, by the kind of what was hit
NOT_MEASURED = ("red lights", "stop signs", "yielding to emergency vehicles", "minimum speed", "time limits of scenarios")


def collision_penalty(hit: str) -> float:
    """Factor for a collision.

    Args:
        hit: type id of what was hit, such as ``vehicle.audi.tt``; what is neither a walker nor a vehicle counts as static.

    """
    return PENALTIES.get(hit.partition(".")[0], PENALTIES["static"])


def driving_score(route_completion: float, outside_lane_share: float, hits: list[str]) -> float:
    """The score of an episode.

    Args:
        route_completion: 0 to 1.
        outside_lane_share: share of the driven distance off all driving lanes, which does not count as completed.
        hits: type ids of what was hit, in order.

    Returns:
        0 to 1; the leaderboard prints a hundred times this.

    """
    score = route_completion * (1.0 - outside_lane_share)
    for hit in hits:
        score *= collision_penalty(hit)
    return score
