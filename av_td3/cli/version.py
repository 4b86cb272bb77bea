"""The version of this package."""

import re
from contextlib import suppress
from importlib import metadata
from pathlib import Path

NAME = "av-td3"
CHECKOUT = Path(__file__).resolve().parents[2]


def version() -> str:
    """The version of the checkout that contains the package, of the installed package, or ``unknown``."""
    with suppress(OSError, UnicodeDecodeError):  # an installed package has no pyproject.toml
        project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
        found = re.search(rf'^name = "{NAME}"\nversion = "([^"]+)"$', project, re.MULTILINE)
        if found:
            return found.group(1)
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "unknown"
