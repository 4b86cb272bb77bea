"""What can go wrong in an episode. The message is one line, for the user."""


class EpisodeFailed(RuntimeError):
    """An episode met an error although the simulator answers; the same seed would meet it again.

    ``cause`` is what was raised and where. Failures with the same cause are alike.
    """

    def __init__(self, message: str, cause: str):
        super().__init__(message, cause)
        self.cause = cause

    def __str__(self) -> str:
        return str(self.args[0])
