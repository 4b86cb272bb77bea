"""A replay on disk: folders of plain ``.npy`` files. Each call of ``append`` adds one, and changes none that is there.

    replay/000001/frames.npy, vectors.npy, ...    what ``Replay.export_new`` gave, an array per file
    replay/.000002.4711/                          a segment that process 4711 is writing, or was when it was killed
    replay/checkpoint                             the name of the newest checkpoint that needs these files

Nothing in them can run code when loaded. Sizes and checksums stand in the manifests of the checkpoints. Files and folders with
other names are not ours.
"""

import contextlib
import logging
import os
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.replay.buffer import Replay
from av_td3.runs.files import is_damage, write_atomically

log = logging.getLogger(__name__)
NAME = re.compile(r"\d{6,}")
FILE = re.compile(r"\w+\.npy")
HALF_WRITTEN = re.compile(r"\.\d{6,}\.\d+")
OWNER = "checkpoint"
BLOCK = 1 << 20  # bytes that are read at a time


class Content(NamedTuple):
    """What a file held when it was written."""

    size: int  # bytes
    crc32: int


class Segment(NamedTuple):
    """One folder of an archive, and how many observations each ring of the replay had been given when it was written."""

    name: str
    files: dict[str, Content]
    written: list[int]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(content.size for content in self.files.values())


class ReplayArchive:
    """The segments of one replay.

    Args:
        folder: where they lie; it is created by the first ``append``.

    """

    def __init__(self, folder: Path):
        self._folder = folder

    def append(self, replay: Replay) -> Segment:
        """Write what came into the replay since the last time, beside its place first. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{max(map(int, self._names(NAME)), default=0) + 1:06d}"
        beside = self._folder / f".{name}.{os.getpid()}"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        try:
            exported = replay.export_new()
            files = {f"{key}.npy": _save(beside / f"{key}.npy", array) for key, array in exported.items()}
            beside.rename(self._folder / name)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return Segment(name, files, exported["written"].tolist())

    def check(self, segments: Iterable[Segment]) -> None:
        """Raise ValueError naming the first file that is missing or cut off. Its content is checked when it is read."""
        for segment in segments:
            for file, content in segment.files.items():
                path = self._folder / segment.name / file
                if not path.is_file():
                    raise ValueError(f"{path} is missing")
                if path.stat().st_size != content.size:
                    raise ValueError(f"{path} has {path.stat().st_size} bytes instead of {content.size}")

    def restore(self, replay: Replay, segments: Iterable[Segment]) -> None:
        """Fill an empty replay of the same size.

        Raises ValueError naming a file that is damaged, or a segment of a replay of another size. Other errors are the
        machine's: OSError naming the file, MemoryError, and RuntimeError of torch.
        """
        for segment in segments:
            folder = self._folder / segment.name
            exported = {Path(file).stem: _load(folder / file, content) for file, content in segment.files.items()}
            with _naming(folder):
                replay.restore(exported)

    def keep(self, segments: Iterable[Segment]) -> None:
        """Delete the other segments."""
        self._delete(self._names(NAME) - {segment.name for segment in segments})

    def clear_half_written(self) -> None:
        """Delete what a killed process has left half written."""
        self._delete(self._names(HALF_WRITTEN))

    def belongs_to(self, checkpoint: str) -> None:
        """Note the newest checkpoint that needs these files, so that it is missed when it is gone."""
        write_atomically(self._folder / OWNER, lambda file: file.write(checkpoint.encode()))

    def owner(self) -> str | None:
        """The newest checkpoint that needs these files; None where none was ever finished."""
        path = self._folder / OWNER
        return path.read_text(errors="replace") if path.is_file() else None

    def _names(self, pattern: re.Pattern[str]) -> set[str]:
        """Of whatever has such a name: a file may be somebody else's, but takes the place of a segment all the same."""
        if not self._folder.is_dir():
            return set()
        return {path.name for path in self._folder.iterdir() if pattern.fullmatch(path.name)}

    def _delete(self, names: Iterable[str]) -> None:
        for path in (self._folder / name for name in sorted(names)):
            try:
                if path.is_dir():
                    path.unlink() if path.is_symlink() else shutil.rmtree(path)
            except OSError as error:  # it takes up room, and does no other harm
                log.warning("%s could not be deleted: %s", path, error)


class _Summing:
    """Where ``np.save`` writes: it counts and sums up what goes into a file.

    To a file itself numpy would write in a way of its own, whose error on a full disk does not say that the disk is full.
    """

    def __init__(self, file: IO[bytes]):
        self._file = file
        self.content = Content(0, 0)

    def write(self, block: bytes) -> int:
        self.content = Content(self.content.size + len(block), zlib.crc32(block, self.content.crc32))
        return self._file.write(block)


def _save(path: Path, array: NDArray[Any]) -> Content:
    with path.open("wb") as file:
        summing = _Summing(file)
        np.save(summing, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return summing.content


def _load(path: Path, content: Content) -> NDArray[Any]:
    """An array mapped from its file, copied on write, instead of read into memory that the replay's own copy needs.

    The checksum is computed by reading: where storage fails, a read says so, but a look into a mapping ends the process.
    """
    with _naming(path):
        if _crc32(path) != content.crc32:
            raise ValueError("its checksum is not the one in the manifest")
        array: NDArray[Any] = np.load(path, mmap_mode="c", allow_pickle=False)
        return array


def _crc32(path: Path) -> int:
    crc32 = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            crc32 = zlib.crc32(block, crc32)
    return crc32


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an error in reading name the file; damaged content, which may mislead numpy into anything, raises ValueError."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and not is_damage(error):
            raise OSError(error.errno, error.strerror, str(path)) from error
        if not is_damage(error):
            raise
        raise ValueError(f"{path}: cannot be read as part of this replay ({error})") from error


def still_needed(segments: Sequence[Segment], slots_per_env: int) -> list[Segment]:
    """Those that hold an observation which has not been overwritten in the ring since."""
    newest = segments[-1].written
    return [s for s in segments if any(end > last - slots_per_env for end, last in zip(s.written, newest, strict=True))]


def segment_from(content: Any) -> Segment:
    """A segment as JSON holds it. Raises ValueError for anything else."""
    try:
        name, files, written = content
        for text, pattern in [(name, NAME), *((file, FILE) for file in files)]:
            if not pattern.fullmatch(text):
                raise ValueError(f"{text} is no file of a replay")
        contents = {str(file): Content(int(size), int(crc32)) for file, (size, crc32) in files.items()}
        return Segment(str(name), contents, [int(count) for count in written])
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"the list of replay files is damaged: {error}") from error
