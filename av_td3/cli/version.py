"""Which version of this package runs."""

import re
from contextlib import suppress
from importlib import metadata
from pathlib import Path

NAME = "av-td3"
CHECKOUT = Path(__file__).resolve().parents[2]


def version() -> str:
    """That of the checkout which holds the package; else that of the installed package; else ``unknown``."""
    with suppress(OSError, UnicodeDecodeError):  # an installed package has no such file beside it
        project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
        found = re.search(rf'^name = "{NAME}"\nversion = "([^"]+)"$', project, re.MULTILINE)
        if found:
            return found.group(1)
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "unknown"
