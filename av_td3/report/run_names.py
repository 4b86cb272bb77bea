"""Tells the setting of a run from its path: the path without run numbers, seeds and times."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

CLEANRL = re.compile(r"(?P<setting>.+)__\d+__\d+")  # environment__script__seed__time
DATE, CLOCK, UNIX = r"\d{4}-?\d{2}-?\d{2}", r"\d{2}[-:.h]?\d{2}([-:.m]?\d{2})?", r"1\d{9}(\.\d+)?"
TIME = re.compile(rf"(^|[_\-. ])({DATE}([T_\-. ]*{CLOCK})?|\d{{2}}-\d{{2}}-\d{{2}}|{UNIX})(?=$|[_\-. ])")
TORCH = re.compile(r"^[A-Z][a-z]{2}\d{2}_\d{2}-\d{2}-\d{2}_?")  # as in Nov26_10-00-00_host
SEED = re.compile(r"(^|[_\-. ])(seed|run|trial|repeat|s)[_\-= ]?\d+(?=$|[_\-. ])", re.IGNORECASE)
NUMBER = re.compile(r"(?P<stem>|.*[_\- ])(?P<number>\d+)")
PLACES = frozenset(["tb", "tensorboard", "log", "logs", "tb_logs", "events", "runs", "train", "summaries"])
DENSE = 2  # times as many runs as the largest number, up to which the numbers count runs and are no setting


class _Part(NamedTuple):
    """A part of a path between slashes, with the number at its end."""

    stem: str
    number: int | None


def settings_in(names: Sequence[str]) -> list[str]:
    """The setting of each run; empty where the path holds nothing but numbers, seeds and times.

    A number at the end counts as a run if the numbers beside it are about as many: ``PPO_1`` and ``PPO_2`` are two runs
    of ``PPO``, but ``batch_64`` and ``batch_256`` are two settings.

    Args:
        names: paths relative to the same folder, with slashes.

    """
    split = [[_part(part) for part in name.split("/")] for name in names]
    numbers: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for parts in split:
        for index, part in enumerate(parts):
            if part.number is not None:
                numbers[_place(parts, index)].add(part.number)
    return ["/".join(filter(None, (_text(parts, index, numbers) for index in range(len(parts))))) for parts in split]


def _part(text: str) -> _Part:
    cleanrl = CLEANRL.fullmatch(text)
    if cleanrl:
        return _Part(cleanrl["setting"], None)
    text = SEED.sub("", TIME.sub("", TORCH.sub("", text))).strip("_-. ")
    if text.lower() in PLACES:
        return _Part("", None)
    numbered = NUMBER.fullmatch(text)
    return _Part(numbered["stem"], int(numbered["number"])) if numbered else _Part(text, None)


def _place(parts: list[_Part], index: int) -> tuple[str, ...]:
    return tuple(part.stem for part in parts[: index + 1])


def _text(parts: list[_Part], index: int, numbers: dict[tuple[str, ...], set[int]]) -> str:
    part = parts[index]
    if part.number is None:
        return part.stem
    beside = numbers[_place(parts, index)]
    counts_runs = max(beside) <= DENSE * len(beside)
    return part.stem.rstrip("_- ") if counts_runs else f"{part.stem}{part.number}"
