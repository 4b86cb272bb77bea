"""A replay on disk. Each call of ``append`` writes one more file with what is new, and changes none that is there."""

import zipfile
from pathlib import Path

import numpy as np

from av_td3.files import write_atomically
from av_td3.replay import Replay


class ReplayArchive:
    """The files of one replay, ``000001.npz`` and so on: plain arrays with checksums, nothing that could run code."""

    def __init__(self, folder: Path):
        self._folder = folder

    def append(self, replay: Replay) -> Path:
        """Write what came into the replay since the last time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{len(self._files()) + 1:06d}.npz"
        taken = replay.take_new()
        write_atomically(path, lambda file: np.savez(file, allow_pickle=False, **taken))
        return path

    def restore(self, replay: Replay) -> None:
        """Fill an empty replay of the same size. Raises ValueError naming a file that is damaged or of another size."""
        for path in self._files():
            try:
                with np.load(path, allow_pickle=False) as file:
                    replay.restore({name: file[name] for name in file.files})
            except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
                raise ValueError(f"{path}: cannot be read as part of this replay ({error})") from error

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.npz"))
