"""All commands that the project prints, with the place where they are printed.

These are the blocks of README.md and docs/*.md, commands quoted in their prose, and the examples of launch.py, its help, the
Makefile, the sweeps and the benchmarks.
"""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omegaconf import OmegaConf

from tests.conftest import ROOT

PROGRAMS = ("make", "python", "av-td3", "pip", "tensorboard")
ACTIVATE = "source .venv/bin/activate"
GUIDES = ("README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")))
EXTENDING = "docs/extending.md"  # what it prints needs the package that it shows, which tests/extension installs
POLICIES = "docs/policies.md"  # its Python needs a run
QUOTED = re.compile(r"(?<!`)`([^`]+)`(?!`)")
OVERRIDE = re.compile(r"[+~]?[A-Za-z_./]+=\S+")


@dataclass(frozen=True)
class Block:
    """A fenced block of a guide."""

    language: str
    text: str
    where: str

    @property
    def commands(self) -> list[str]:
        """Its commands, with continued lines joined and without comments."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]

    @property
    def is_typed(self) -> bool:
        """Whether it shows commands, and not output or a file."""
        return self.language in ("", "sh", "bash", "console") and program(self.commands[0]) in (*PROGRAMS, "source")


@dataclass(frozen=True)
class Script:
    """A printed command, after the commands of its block that create its input."""

    lines: tuple[str, ...]
    where: str

    @property
    def last(self) -> str:
        return self.lines[-1]

    @property
    def words(self) -> list[str]:
        return words(self.last)

    @property
    def text(self) -> str:
        """The commands without comments; equal scripts are run once."""
        return "\n".join(shlex.join(words(line)) for line in self.lines)


def words(line: str) -> list[str]:
    """The words of a command, including leading variables."""
    return shlex.split(line, comments=True)


def program(line: str) -> str:
    """The program of a command."""
    return next((word for word in words(line) if "=" not in word), "")


def scripts() -> list[Script]:
    """All scripts, without duplicates."""
    found = [*_of_guides(), *_of_examples()]
    return list({script.text: script for script in reversed(found)}.values())[::-1]


def blocks() -> Iterator[Block]:
    """The fenced blocks of all guides."""
    for guide in GUIDES:
        lines = (ROOT / guide).read_text().splitlines()
        fences = [number for number, line in enumerate(lines) if line.startswith("```")]
        assert len(fences) % 2 == 0, f"{guide}: a fence is not closed"
        for first, last in zip(fences[::2], fences[1::2], strict=True):
            yield Block(lines[first][3:], "\n".join(lines[first + 1 : last]), f"{guide}:{first + 2}")


def quotations() -> Iterator[tuple[str, str]]:
    """The text between backticks in the prose of the guides, with the guide."""
    for guide in GUIDES:
        prose = re.sub(r"^```.*?^```$", "", (ROOT / guide).read_text(), flags=re.DOTALL | re.MULTILINE)
        yield from ((" ".join(text.split()), guide) for text in QUOTED.findall(prose))


def overrides_quoted() -> Iterator[tuple[str, str]]:
    """Those quotations that are nothing but overrides."""
    yield from ((text, guide) for text, guide in quotations() if all(OVERRIDE.fullmatch(word) for word in text.split()))


def _of_guides() -> Iterator[Script]:
    for block in blocks():
        if block.is_typed:
            yield from _of_block(block)
    for text, guide in quotations():
        if " " in text and program_quoted(text) in PROGRAMS:
            yield Script((text,), guide)


def program_quoted(text: str) -> str:
    """Like ``program``, for a quotation that may not be a command."""
    return next((word for word in text.split() if "=" not in word), "")


def _of_block(block: Block) -> Iterator[Script]:
    """A script per command, including the earlier commands that write the folders it reads."""
    typed = [command for command in block.commands if words(command) != shlex.split(ACTIVATE)]
    read = {word for command in typed for word in words(command)}
    writers = {folder: command for command in typed if (folder := run_folder(command)) in read}
    for command in typed:
        if command not in writers.values():
            yield Script((*(writers[word] for word in words(command) if word in writers), command), block.where)


def run_folder(command: str) -> str | None:
    """The folder that a run writes to."""
    return next((word.partition("=")[2] for word in words(command) if word.startswith("hydra.run.dir=")), None)


def _of_examples() -> Iterator[Script]:
    """Commands in comments and docstrings; their description follows after two or more spaces."""
    for path, text in _texts_with_examples():
        for line in text.splitlines():
            command = re.split(r"\s{2,}", line.strip())[0]
            if re.match(rf"({'|'.join(PROGRAMS)}) ", command):
                yield Script((command,), path)


def _texts_with_examples() -> Iterator[tuple[str, str]]:
    yield "conf/hydra/help/av_td3.yaml", OmegaConf.load(ROOT / "conf/hydra/help/av_td3.yaml").footer
    for name in ("Makefile", *sorted(f"sweeps/{path.name}" for path in (ROOT / "sweeps").glob("*.yaml"))):
        comments = (line[1:] for line in (ROOT / name).read_text().splitlines() if line.startswith("#"))
        yield name, "\n".join(comments)
    for path in (ROOT / "launch.py", *sorted((ROOT / "bench").glob("*.py"))):
        yield str(path.relative_to(ROOT)), docstring(path)


def docstring(path: Path) -> str:
    """The docstring of a module."""
    return ast.get_docstring(ast.parse(path.read_text())) or ""
