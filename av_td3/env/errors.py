"""Errors of an episode. The message is one line, for the user."""


class EpisodeFailed(RuntimeError):
    """An episode raised an error although the simulator answers; the same seed would raise it again.

    Args:
        message: one line with error, place in the code and seed.
        cause: type of the error and place in the code, the same for failures of the same kind.

    """

    def __init__(self, message: str, cause: str):
        super().__init__(message, cause)
        self.cause = cause

    def __str__(self) -> str:
        return str(self.args[0])
