"""The replay on disk: folders of plain ``.npy`` files. Each ``append`` adds one and leaves the others unchanged.

    replay/000001/frames.npy, vectors.npy, ...    an export of ``Replay.export_new``, an array per file
    replay/.000002.4711/                          a segment that process 4711 is writing, or was writing when it was killed
    replay/checkpoint                             the name of the newest checkpoint that needs these files

Loading them cannot run code. Their sizes and checksums are in the manifests of the checkpoints. Files and folders with other
names are ignored.
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
INCOMPLETE = re.compile(r"\.\d{6,}\.\d+")
OWNER = "checkpoint"
BLOCK = 1 << 20  # bytes read at a time


class Content(NamedTuple):
    """Size in bytes and checksum of a file when it was written."""

    size: int
    crc32: int


class Segment(NamedTuple):
    """A folder of an archive.

    Attributes:
        name: of the folder.
        files: name and content of each file.
        written: observations that each environment had stored in the replay when the segment was written.

    """

    name: str
    files: dict[str, Content]
    written: list[int]

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(content.size for content in self.files.values())


class ReplayArchive:
    """The segments of one replay.

    Args:
        folder: of the segments; the first ``append`` creates it.

    """

    def __init__(self, folder: Path):
        self._folder = folder

    def append(self, replay: Replay) -> Segment:
        """Write what was stored in the replay since the last call as a new segment, which appears complete or not at all.

        Raises:
            OSError: the disk is full or fails.

        """
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{max(map(int, self._names(NAME)), default=0) + 1:06d}"
        temporary = self._folder / f".{name}.{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        try:
            exported = replay.export_new()
            files = {f"{key}.npy": _save(temporary / f"{key}.npy", array) for key, array in exported.items()}
            temporary.rename(self._folder / name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return Segment(name, files, exported["written"].tolist())

    def check(self, segments: Iterable[Segment]) -> None:
        """Raise ValueError for the first file that is missing or truncated. Checksums are verified on reading."""
        for segment in segments:
            for file, content in segment.files.items():
                path = self._folder / segment.name / file
                if not path.is_file():
                    raise ValueError(f"{path} is missing")
                if path.stat().st_size != content.size:
                    raise ValueError(f"{path} has {path.stat().st_size} bytes instead of {content.size}")

    def restore(self, replay: Replay, segments: Iterable[Segment]) -> None:
        """Fill an empty replay from segments, in order.

        Raises:
            ValueError: a file is damaged, or a segment is of a replay of another size.
            OSError: a file cannot be read.
            MemoryError, RuntimeError: the machine or torch is out of memory.

        """
        for segment in segments:
            folder = self._folder / segment.name
            exported = {Path(file).stem: _load(folder / file, content) for file, content in segment.files.items()}
            with _errors_named(folder):
                replay.restore(exported)

    def keep(self, segments: Iterable[Segment]) -> None:
        """Delete all other segments."""
        self._delete(self._names(NAME) - {segment.name for segment in segments})

    def clear_half_written(self) -> None:
        """Delete the incomplete segments of killed processes."""
        self._delete(self._names(INCOMPLETE))

    def set_owner(self, checkpoint: str) -> None:
        """Record the newest checkpoint that needs these files, so that its absence is noticed."""
        write_atomically(self._folder / OWNER, lambda file: file.write(checkpoint.encode()))

    def owner(self) -> str | None:
        """The newest checkpoint that needs these files; None where none was finished."""
        path = self._folder / OWNER
        return path.read_text(errors="replace") if path.is_file() else None

    def _names(self, pattern: re.Pattern[str]) -> set[str]:
        """Names of files and folders that match: a foreign file too occupies the name of a segment."""
        if not self._folder.is_dir():
            return set()
        return {path.name for path in self._folder.iterdir() if pattern.fullmatch(path.name)}

    def _delete(self, names: Iterable[str]) -> None:
        for path in (self._folder / name for name in sorted(names)):
            try:
                if path.is_dir():
                    path.unlink() if path.is_symlink() else shutil.rmtree(path)
            except OSError as error:  # it only takes up space
                log.warning("%s could not be deleted: %s", path, error)


class _ChecksumWriter:
    """A file for ``np.save`` that records size and checksum.

    To a plain file numpy writes by its own means, whose error on a full disk does not say that the disk is full.
    """

    def __init__(self, file: IO[bytes]):
        self._file = file
        self.content = Content(0, 0)

    def write(self, block: bytes) -> int:
        self.content = Content(self.content.size + len(block), zlib.crc32(block, self.content.crc32))
        return self._file.write(block)


def _save(path: Path, array: NDArray[Any]) -> Content:
    with path.open("wb") as file:
        writer = _ChecksumWriter(file)
        np.save(writer, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return writer.content


def _load(path: Path, content: Content) -> NDArray[Any]:
    """Map an array from its file, copy-on-write, rather than read it into memory that the replay needs.

    The checksum is computed by reading: on failing storage a read raises an error, an access to a mapping kills the process.
    """
    with _errors_named(path):
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
def _errors_named(path: Path) -> Iterator[None]:
    """Add the file's name to errors of reading; whatever numpy raises for damaged content becomes ValueError."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and not is_damage(error):
            raise OSError(error.errno, error.strerror, str(path)) from error
        if not is_damage(error):
            raise
        raise ValueError(f"{path}: cannot be read as part of this replay ({error})") from error


def still_needed(segments: Sequence[Segment], slots_per_env: int) -> list[Segment]:
    """The segments with an observation that has not been overwritten in its ring buffer.

    Args:
        segments: in the order in which they were written.
        slots_per_env: of the replay.

    """
    newest = segments[-1].written
    return [s for s in segments if any(end > last - slots_per_env for end, last in zip(s.written, newest, strict=True))]


def segment_from(content: Any) -> Segment:
    """Parse a segment from JSON. Raises ValueError for anything else."""
    try:
        name, files, written = content
        for text, pattern in [(name, NAME), *((file, FILE) for file in files)]:
            if not pattern.fullmatch(text):
                raise ValueError(f"{text} is not a file of a replay")
        contents = {str(file): Content(int(size), int(crc32)) for file, (size, crc32) in files.items()}
        return Segment(str(name), contents, [int(count) for count in written])
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"the list of replay files is damaged: {error}") from error
