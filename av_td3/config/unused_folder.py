"""The default folder of a run. Its name is unique even if several processes start in the same second."""

import re
from itertools import count
from pathlib import Path

from omegaconf import OmegaConf

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # also of experiments: a single folder name, valid on any file system


def unused_folder(parent: str, name: str) -> str:
    """Create ``parent/name``, or ``parent/name-2``, ``parent/name-3`` and so on if it exists, and return its path.

    Creating a folder is atomic: it succeeds in one process only.

    Raises:
        ValueError: ``name`` is not a plain folder name.

    """
    if not NAME.fullmatch(name):
        raise ValueError(f"'{name}' is not a valid folder name: only letters, digits and . _ - are allowed")
    for number in count(1):
        folder = Path(parent) / (name if number == 1 else f"{name}-{number}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return str(folder)
    raise AssertionError("counting does not end")


def run_folder(resume: str | None, parent: str, name: str) -> str:
    """The folder of the run to resume, or an unused one."""
    return unused_folder(parent, name) if resume is None else str(resume)


def register_resolvers() -> None:
    """Register both for YAML, as in ``${unused_folder:parent,name}``. Results are cached: a config has one folder."""
    OmegaConf.register_new_resolver("unused_folder", unused_folder, use_cache=True, replace=True)
    OmegaConf.register_new_resolver("run_folder", run_folder, use_cache=True, replace=True)
