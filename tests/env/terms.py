"""Reward terms for configs of tests; some of them fail."""

import math

from av_td3.env.reward import Progress, Term


class Half(Term):
    def __call__(self, state):
        return 0.5


class NonFinite(Progress):
    def __call__(self, state):
        return math.nan


class Failing(Term):
    def __call__(self, state):
        raise ZeroDivisionError("no such reward")


class FailingAtSomeStarts(Term):
    """Fails in every episode that starts at some places of the map, and in no other."""

    def __call__(self, state):
        x, y = state.route.points[0]
        if abs(round(x + y)) % 4 == 1:
            raise ZeroDivisionError("no such reward")
        return 0.0


class FailingLate(Term):
    def __call__(self, state):
        if state.place.travelled > 1.0:
            raise ZeroDivisionError("no such reward")
        return 0.0
