"""Prints text and tables at any width of the terminal. Words are never broken, so that they can be copied."""

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

NARROW = 60  # columns; below, continued lines are indented less
BORDER, CELL_BORDER = 1, 3  # width of a table's border, in total and per column


def print_line(console: Console, text: str, style: str = "none") -> None:
    """Print a line without wrapping it, such as a path or a title."""
    console.print(Text(text, style), soft_wrap=True)


def print_paragraph(console: Console, text: str, label: str = "", style: str = "dim") -> None:
    """Print a label in its style and a text, wrapped at spaces and indented below its first line."""
    hang = len(label) if console.width >= NARROW else min(len(label), 6)
    lines = textwrap.wrap(
        text,
        console.width,
        initial_indent=label,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for number, line in enumerate(lines or [label]):
        styled = Text(line)
        if number == 0:
            styled.stylize(style, 0, len(label))
        console.print(styled, soft_wrap=True)


def print_table(console: Console, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; if it is too wide, print each row as a block of lines."""
    print_line(console, title, "bold")
    widths = _widths([headings, *rows], console.width)
    if widths is None:
        for row in rows:
            _print_block(console, headings, row)
        return
    table = Table()
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(Text(heading), width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _widths(rows: Sequence[Sequence[str]], available: int) -> list[int] | None:
    """The width of each column, at least that of its longest word; None if the table is too wide."""
    columns = list(zip(*rows, strict=True))
    widths = [max(cell_len(cell) for cell in column) for column in columns]
    least = [max(cell_len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    available -= BORDER + CELL_BORDER * len(columns)
    if sum(least) > available:
        return None
    while sum(widths) > available:
        shrinkable = [index for index, width in enumerate(widths) if width > least[index]]
        widths[max(shrinkable, key=lambda index: widths[index])] -= 1
    return widths


def _print_block(console: Console, headings: Sequence[str], row: Sequence[str]) -> None:
    first, *others = row
    print_line(console, first)
    for heading, cell in zip(headings[1:], others, strict=True):
        if cell:
            print_paragraph(console, cell, f"  {heading}  " if heading else "  ")
