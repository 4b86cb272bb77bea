"""A reward term for runs that must improve."""

from pydantic import PrivateAttr

from av_td3.env.reward import Progress


class Growing(Progress):
    """Grows from step to step of a run, so that each evaluation is better than the one before."""

    _calls: int = PrivateAttr(default=0)

    def __call__(self, state):
        self._calls += 1
        return self._calls / 100.0
