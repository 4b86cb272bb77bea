"""Saved states of a run. Nothing in them can run code when loaded."""

from pathlib import Path
from typing import Any

import torch

from av_td3.files import write_atomically


class Checkpoints:
    """The newest states of a run, ``step_000002500.pt`` and so on, in one folder."""

    def __init__(self, folder: Path, keep: int):
        self._folder = folder
        self._keep = keep
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, step: int, state: dict[str, Any]) -> Path:
        """Write a state, then drop all but the newest ``keep``."""
        path = self._folder / f"step_{step:09d}.pt"
        write_atomically(path, lambda file: torch.save(state, file))
        for old in sorted(self._folder.glob("step_*.pt"))[: -self._keep]:
            old.unlink()
        return path

    def newest(self) -> Path | None:
        """The newest state, if one has been saved."""
        return max(self._folder.glob("step_*.pt"), default=None)

    def load(self, path: Path) -> dict[str, Any]:
        """Read a state back."""
        state: dict[str, Any] = torch.load(path, weights_only=True)
        return state
