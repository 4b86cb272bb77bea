"""Reads the logs that programs write as tables: CSV, tab-separated, JSON lines."""

import csv
import json
from collections.abc import Iterable, Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from av_td3.runs.columns import Columns, number_of
from av_td3.runs.series import EventLog, Scalars, UnreadableLog
from av_td3.runs.wandb_export import by_run, is_export

PAIR = ("train.csv", "eval.csv")  # of one run
# In folders, by name; the first one with numbers is read.
TABLE_NAMES = (
    *("progress.csv", "progress.txt", "progress.json", "metrics.csv", *PAIR, "history.csv", "metrics.jsonl", "monitor.csv"),
    "wandb-history.jsonl",
)
SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".json")
DELIMITERS = ",;\t"
CHUNK = 10_000  # rows that are converted at a time
COMMENT = "#"


def is_table(name: str) -> bool:
    """Whether a file name is that of a log, rather than of any table."""
    return name in TABLE_NAMES


def has_table_suffix(name: str) -> bool:
    """Whether a file that a user names may be a table."""
    return name.lower().endswith(SUFFIXES)


def read_table(path: Path) -> list[EventLog]:
    """Read a table with a column per tag and a column of steps, else the number of the row is the step.

    Args:
        path: of a file with a header, or with a JSON object per line.

    Returns:
        A log per run: several if it is a chart export of Weights & Biases with several runs, or if runs were appended.

    Raises:
        UnreadableLog: it cannot be read, or there are no numbers in it.

    """
    problems: list[str] = []
    columns, header = _content(path, problems)
    exported = is_export(header)
    table = columns.series(header[:1], split=False) if exported else columns.series()
    problems += [f"skipped {count} cell(s) of {column} that are not numbers" for column, count in columns.damaged().items()]
    if table.falls:
        problems.append(f"{table.axis} goes back {table.falls} time(s); the rows are sorted by it")
    problems = [f"{path.name}: {' '.join(problem.split())}" for problem in problems]  # a name may contain line breaks
    runs = by_run(table.runs[0]) if exported else {f"run {n}": scalars for n, scalars in enumerate(table.runs, start=1)}
    logs = [EventLog(scalars, problems, (path.name,), part) for part, scalars in runs.items() if scalars]
    if not logs:
        raise UnreadableLog(f"{path}: no table with numbers" + "".join(f"; {problem}" for problem in problems))
    return logs if len(logs) > 1 else [logs[0]._replace(part="")]


def read_tables(folder: Path) -> list[EventLog]:
    """Read the table of a folder; ``train.csv`` and ``eval.csv`` are read as one.

    Args:
        folder: with one of ``TABLE_NAMES``.

    Raises:
        UnreadableLog: there is none, or none can be read.

    """
    found = [folder / name for name in TABLE_NAMES if (folder / name).is_file()]
    failures: list[str] = []
    while found:
        together = [path for path in found if path.name in PAIR] if found[0].name in PAIR else found[:1]
        found = [path for path in found if path not in together]
        tables: list[list[EventLog]] = []
        for path in together:
            try:
                tables.append(read_table(path))
            except UnreadableLog as error:
                failures.append(str(error))
        if tables:
            ignored = [f"{path.name} is ignored; read is {tables[0][0].files[0]}" for path in found]
            logs = _paired(tables) if together[0].name in PAIR else tables[0]
            return [log._replace(problems=[*log.problems, *failures, *ignored]) for log in logs]
    raise UnreadableLog("; ".join(failures) or f"{folder}: no table such as {TABLE_NAMES[0]} there")


def _paired(tables: list[list[EventLog]]) -> list[EventLog]:
    """Join the runs of a pair of tables; a tag without a group gets the name of its table: ``train/episode_reward``."""
    return [_joined([log for log in logs if log is not None]) for logs in zip_longest(*tables)]


def _joined(logs: list[EventLog]) -> EventLog:
    scalars: Scalars = {}
    for log in logs:
        group = Path(log.files[0]).stem
        scalars |= {tag if "/" in tag else f"{group}/{tag}": series for tag, series in log.scalars.items()}
    problems = [problem for log in logs for problem in log.problems]
    return EventLog(scalars, problems, tuple(log.files[0] for log in logs), max(log.part for log in logs))


def _content(path: Path, problems: list[str]) -> tuple[Columns, list[str]]:
    """The numbers and the header of a table, which is empty for JSON lines."""
    columns = Columns()
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            header = _read((line.replace("\0", "") for line in file), columns, problems)
    except OSError as error:
        raise UnreadableLog(f"{path}: {error.strerror or error}") from None
    return columns, header


def _read(lines: Iterator[str], columns: Columns, problems: list[str]) -> list[str]:
    """Read all lines. Returns the header, if there is one."""
    first = next((line for line in lines if line.strip() and not line.startswith(COMMENT)), "")
    if first.lstrip().startswith("{"):
        _read_objects(first, lines, columns, problems)
        return []
    delimiter = max(DELIMITERS, key=first.count)
    header = [name.strip() for name in next(_rows([first], delimiter, []), [])]
    if header and all(number_of(name) is not None for name in header if name):
        problems.append("the first row holds numbers instead of names of columns")
        return []
    _read_rows(lines, header, delimiter, columns, problems)
    return header


def _read_rows(lines: Iterator[str], header: list[str], delimiter: str, columns: Columns, problems: list[str]) -> None:
    names = [name if name not in header[:index] else "" for index, name in enumerate(header)]
    repeated = sorted({name for name in header if header.count(name) > 1 and name})
    problems += [f"several columns are named {name}; read is the first" for name in repeated]
    damaged: list[str] = []
    rows = _rows(lines, delimiter, damaged)
    while chunk := list(islice(rows, CHUNK)):
        whole = [row for row in chunk if len(row) == len(header)]
        damaged += ["damaged" for row in chunk if row and len(row) != len(header)]
        numbers = range(columns.count, columns.count + len(whole))
        for name, cells in zip(names, zip(*whole, strict=True), strict=False):
            if name:
                _add_cells(columns, name, numbers, cells)
        columns.count += len(whole)
    if damaged:
        problems.append(f"skipped {len(damaged)} damaged row(s)")


def _add_cells(columns: Columns, name: str, numbers: range, cells: tuple[str, ...]) -> None:
    if all(cells):
        rows, filled = list(numbers), list(cells)
    else:
        rows = [row for row, cell in zip(numbers, cells, strict=True) if cell.strip()]
        filled = [cell for cell in cells if cell.strip()]
    if name in filled:  # a resumed program wrote the header again
        rows = [row for row, cell in zip(rows, filled, strict=True) if cell != name]
        filled = [cell for cell in filled if cell != name]
    columns.add(name, rows, filled)


def _rows(lines: Iterable[str], delimiter: str, damaged: list[str]) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            damaged.append(str(error))


def _read_objects(first: str, lines: Iterator[str], columns: Columns, problems: list[str]) -> None:
    damaged = 0
    for line in (text for source in ([first], lines) for text in source):
        try:
            content = json.loads(line) if line.strip() else {}
            if not isinstance(content, dict):
                raise TypeError
            _add_object(columns, "", content)
            columns.count += bool(content)
        except (ValueError, TypeError, RecursionError):
            damaged += 1
    if damaged:
        problems.append(f"skipped {damaged} damaged line(s)")


def _add_object(columns: Columns, group: str, content: dict[str, Any]) -> None:
    for key, value in content.items():
        if isinstance(value, dict):
            if "_type" not in value:  # a histogram, an image or a table of Weights & Biases
                _add_object(columns, f"{group}{key}/", value)
            continue
        number = _number(value)
        if number is not None:
            columns.add_number(f"{group}{key}", columns.count, number)
        elif isinstance(value, str):
            columns.add_text(f"{group}{key}")


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return number_of(value)
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:  # an integer of hundreds of digits
        return None
