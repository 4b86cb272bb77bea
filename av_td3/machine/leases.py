"""A folder for leases among the processes of one user on one machine."""

import os
import stat
from pathlib import Path

# A lease is valid for the whole machine, so TMPDIR comes last: schedulers set another one for each job.
SHARED_PLACES = ("/tmp", "/dev/shm")


def lease_folder(kind: str) -> Path:
    """The folder ``av_td3-<kind>-<uid>``, which all processes of this user share and no other user can write to.

    A lease is an empty file in it that its holder has locked; the kernel releases the lock when the process ends.

    Args:
        kind: what is leased, as part of a file name.

    Returns:
        An existing folder of mode 0700, in the first of /tmp, /dev/shm, XDG_RUNTIME_DIR and TMPDIR where it is safe.

    Raises:
        OSError: no place is safe; the message gives the reason for each.

    """
    refused = []
    for place in _places():
        folder = Path(place) / f"av_td3-{kind}-{os.getuid()}"
        try:
            make_private_folder(folder)
        except OSError as error:
            refused.append(f"{folder} ({error.strerror})")
        else:
            return folder
    raise OSError(f"no folder for leases of {kind}: {', '.join(refused)}; set TMPDIR to a folder of your own")


def _places() -> list[str]:
    places = [*SHARED_PLACES, os.environ.get("XDG_RUNTIME_DIR", ""), os.environ.get("TMPDIR", "")]
    return [place for place in dict.fromkeys(places) if os.path.isabs(place)]


def make_private_folder(folder: Path) -> None:
    """Create a folder of mode 0700, or check that an existing one is a folder of this user, not a link. Raises OSError."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise FileExistsError(0, "not a folder") from None
        if found.st_uid != os.getuid():
            raise PermissionError(0, "belongs to another user") from None
    folder.chmod(0o700)  # whatever the umask is
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(0, "not writable")
