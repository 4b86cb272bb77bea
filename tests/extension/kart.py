"""The other package, and what docs/extending.md shows of it."""

from pathlib import Path

from tests.docs.printed import EXTENDING, blocks

PROJECT = Path(__file__).parent / "kart_project"
SHOWN = [block for block in blocks() if block.where.startswith(EXTENDING) and not block.is_typed]
