"""The folder of the configuration files, and which of its options has a key."""

from pathlib import Path

import yaml

PACKAGE = Path(__file__).resolve().parents[1]
# The defaults. In a checkout, conf/ is next to the package; in an installed package, inside it.
CONF = PACKAGE / "conf" if (PACKAGE / "conf").is_dir() else PACKAGE.parent / "conf"


def options_with(key: str) -> list[str]:
    """The options of a group, as on the command line, whose own file has a key such as ``simulator.quality``."""
    group, _, name = key.partition(".")
    files = sorted((CONF / group).glob("*.yaml")) if name else []
    return [f"{group}={file.stem}" for file in files if name in (yaml.safe_load(file.read_text(encoding="utf-8")) or {})]
