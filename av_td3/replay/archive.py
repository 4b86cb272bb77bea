"""A replay on disk. Each call of ``append`` writes one more file with what is new, and changes none that is there."""

import io
import logging
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from av_td3.replay.buffer import Replay
from av_td3.runs.files import is_damage, write_atomically

log = logging.getLogger(__name__)
NAME = re.compile(r"\d{6,}\.npz")  # whatever else lies in the folder is not ours
HALF_WRITTEN = re.compile(r"\.\d{6,}\.npz\.\d+")
OWNER = "checkpoint"  # a file that holds a name
BLOCK = 1 << 20  # bytes that are read at a time
LOCAL_HEADER = 30  # bytes, in a zip file
NPY_HEADER_AT_MOST = 4096


class Segment(NamedTuple):
    """One file of an archive, and how many observations each lane of the replay had been given when it was written."""

    name: str
    size: int  # bytes
    written: list[int]


class ReplayArchive:
    """The files of one replay, ``000001.npz`` and so on: plain arrays with checksums, nothing that could run code."""

    def __init__(self, folder: Path):
        self._folder = folder

    def append(self, replay: Replay) -> Segment:
        """Write what came into the replay since the last time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.stem) for path in self._named(NAME)]
        path = self._folder / f"{max(numbers, default=0) + 1:06d}.npz"
        taken = replay.take_new()
        write_atomically(path, lambda file: np.savez(file, allow_pickle=False, **taken))
        return Segment(path.name, path.stat().st_size, taken["written"].tolist())

    def check(self, segments: Iterable[Segment]) -> None:
        """Raise ValueError naming the first file that is missing or cut off. Its content is checked when it is read."""
        for segment in segments:
            path = self._folder / segment.name
            if not path.is_file():
                raise ValueError(f"{path} is missing")
            if path.stat().st_size != segment.size:
                raise ValueError(f"{path} has {path.stat().st_size} bytes instead of {segment.size}")

    def restore(self, replay: Replay, segments: Sequence[Segment]) -> None:
        """Fill an empty replay of the same size.

        Raises ValueError naming a file that is damaged or of another size. Other errors are the machine's: OSError naming the
        file, MemoryError, and RuntimeError of torch.
        """
        for segment in segments:
            path = self._folder / segment.name
            try:
                replay.restore(_mapped(path))
            except Exception as error:  # a damaged file may mislead zipfile and numpy into anything
                if isinstance(error, OSError) and not is_damage(error):
                    raise OSError(error.errno, error.strerror, str(path)) from error
                if not is_damage(error):
                    raise
                raise ValueError(f"{path}: cannot be read as part of this replay ({error})") from error

    def keep(self, segments: Iterable[Segment]) -> None:
        """Delete the other files that ``append`` has written."""
        names = {segment.name for segment in segments}
        self._delete(path for path in self._named(NAME) if path.name not in names)

    def clear_half_written(self) -> None:
        """Delete what a killed process has left half written."""
        self._delete(self._named(HALF_WRITTEN))

    def belongs_to(self, checkpoint: str) -> None:
        """Note the newest checkpoint that needs these files, so that it is missed when it is gone."""
        write_atomically(self._folder / OWNER, lambda file: file.write(checkpoint.encode()))

    def owner(self) -> str | None:
        """The newest checkpoint that needs these files; None where none was ever finished."""
        path = self._folder / OWNER
        return path.read_text(errors="replace") if path.is_file() else None

    def _named(self, pattern: re.Pattern[str]) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if pattern.fullmatch(path.name))

    def _delete(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if path.is_file():
                try:
                    path.unlink()
                except OSError as error:  # it takes up room, and does no other harm
                    log.warning("%s could not be deleted: %s", path, error)


def _mapped(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file, mapped from it instead of read: a million transitions in 5 s instead of the 20 s of np.load.

    Raises ValueError where a checksum of the file is not that of its content. Checksums are computed by reading: where storage
    fails, a read says so, but a look into a mapping ends the process.
    """
    arrays = {}
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        content = np.memmap(path, np.uint8, "c")
        for member in archive.infolist():
            begin = _data_offset(file, member)
            if member.compress_type != zipfile.ZIP_STORED or _checksum(file, begin, member.file_size) != member.CRC:
                raise ValueError(f"checksum of {member.filename} is wrong")
            arrays[member.filename.removesuffix(".npy")] = _array(content[begin : begin + member.file_size])
    return arrays


def _data_offset(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Behind the member's local header: 30 bytes, of which the last four are the lengths of the name and the extra field."""
    file.seek(member.header_offset)
    name, extra = struct.unpack("<HH", file.read(LOCAL_HEADER)[-4:])
    return member.header_offset + LOCAL_HEADER + int(name) + int(extra)


def _checksum(file: IO[bytes], begin: int, size: int) -> int:
    file.seek(begin)
    checksum = 0
    while size > 0 and (block := file.read(min(size, BLOCK))):
        checksum = zlib.crc32(block, checksum)
        size -= len(block)
    return checksum


def _array(data: NDArray[np.uint8]) -> NDArray[Any]:
    """What an npy file holds."""
    header = io.BytesIO(bytes(data[:NPY_HEADER_AT_MOST]))
    np.lib.format.read_magic(header)
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(header)
    if fortran_order or dtype.hasobject:
        raise ValueError("not an array of ours")
    return data[header.tell() :].view(dtype).reshape(shape)


def still_needed(segments: Sequence[Segment], lane_size: int) -> list[Segment]:
    """Those that hold an observation which has not been overwritten in the ring since."""
    newest = segments[-1].written
    return [s for s in segments if any(end > last - lane_size for end, last in zip(s.written, newest, strict=True))]


def segment_from(content: Any) -> Segment:
    """A segment as JSON holds it. Raises ValueError for anything else."""
    try:
        name, size, written = content
        if not NAME.fullmatch(name):
            raise ValueError(f"{name} is no file of a replay")
        return Segment(str(name), int(size), [int(count) for count in written])
    except (TypeError, ValueError) as error:
        raise ValueError(f"the list of replay files is damaged: {error}") from error
