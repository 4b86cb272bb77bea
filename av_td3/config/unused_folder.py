"""The default folder of a run: a name that no two processes can share, however many start in the same second."""

import re
from itertools import count
from pathlib import Path

from omegaconf import OmegaConf

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # also of experiments: one folder name, on any file system


def unused_folder(parent: str, name: str) -> str:
    """Create ``parent/name`` and return it; where that exists already, ``parent/name-2``, ``parent/name-3`` and so on.

    Creating a folder is atomic: it fails in all processes but one. Raises ValueError for what is no plain folder name.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"'{name}' cannot name a folder: only letters, digits and . _ - are taken")
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
    """The folder of the run that is resumed, or an unused one."""
    return unused_folder(parent, name) if resume is None else str(resume)


def register_resolvers() -> None:
    """Offer both to YAML, as in ``${unused_folder:parent,name}``: one and the same folder wherever a config is used."""
    OmegaConf.register_new_resolver("unused_folder", unused_folder, use_cache=True, replace=True)
    OmegaConf.register_new_resolver("run_folder", run_folder, use_cache=True, replace=True)
