"""Reward terms that fail, to be named in configs."""


def failing(_):
    raise ZeroDivisionError("no such reward")


def failing_at_some_starts(state):
    """Fails in every episode that starts at some places of the map, and in no other."""
    x, y = state.route.points[0]
    if abs(round(x + y)) % 4 == 1:
        raise ZeroDivisionError("no such reward")
    return 0.0


def failing_late(state):
    if state.place.travelled > 1.0:
        raise ZeroDivisionError("no such reward")
    return 0.0
