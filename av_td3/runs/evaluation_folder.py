"""``evaluation.json``: what was evaluated, how, and what was lost; and the folder of an evaluation as a whole."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from av_td3.runs.evaluated_episodes import EvaluatedEpisode, read_evaluated_episodes
from av_td3.runs.files import check_is_file, reason, write_json
from av_td3.runs.series import UnreadableLog

EVALUATION_FILE = "evaluation.json"
EVALUATIONS = "evaluation"  # in the folder of a run: a folder per evaluation
EVALUATION_PAGE, EVALUATION_TABLE = "evaluation.html", "table.tex"
VIDEOS = "videos"
VIDEO_SUFFIXES = (".mp4", ".webp")
FORMAT = 1


@dataclass(frozen=True)
class EvaluatedPolicy:
    """What drove.

    Args:
        name: as in the column ``policy`` of ``episodes.csv``.
        run: folder of the run that trained it; None for a driver that is not trained.
        checkpoint: environment step of its checkpoint; None if it has none.
        driver: kind of the driver, such as ``policy`` or ``pure_pursuit``.

    """

    name: str
    run: str | None = None
    checkpoint: int | None = None
    driver: str = "policy"


@dataclass(frozen=True)
class RouteSet:
    """The routes of an evaluation.

    Args:
        name: of the set.
        file: that defines them; None if they were sampled.
        count: of routes.
        goals: by route, x and y of its end in metres; may be empty.

    """

    name: str
    file: str | None
    count: int
    goals: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class EpisodeProblem:
    """An episode that was lost with its simulator and driven again, or that could not be driven at all."""

    policy: str
    route: str
    repeat: int
    reason: str


@dataclass(frozen=True)
class Evaluation:
    """The content of ``evaluation.json``, apart from its format.

    Args:
        policies: in the order of the tables.
        routes: that each of them drove.
        seed: of the evaluation.
        repeats: episodes per policy and route.
        config_changes: keys whose values differ from those of the training, with the values of the evaluation.
        settings: keys on which the result depends besides the policy, such as ``scenario.npc_vehicles``, with their values.
        time: when it was finished, as ISO 8601.
        version: of av-td3.
        losses: episodes that were driven again because the simulator was lost.
        failures: episodes that could not be driven.
        summary: statistics for other programs.

    """

    policies: list[EvaluatedPolicy]
    routes: RouteSet
    seed: int
    repeats: int
    config_changes: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    time: str = ""
    version: str = ""
    losses: list[EpisodeProblem] = field(default_factory=list)
    failures: list[EpisodeProblem] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordedEvaluation:
    """An evaluation as read from its folder; ``problems`` has a line for what could not be read."""

    folder: Path
    evaluation: Evaluation
    episodes: list[EvaluatedEpisode]
    problems: list[str]

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.resolve().name


def is_evaluation(folder: Path) -> bool:
    """Whether a folder is that of an evaluation."""
    return (folder / EVALUATION_FILE).is_file()


def videos_of(folder: Path) -> list[Path]:
    """The videos of an evaluation that a page can hold, by name."""
    found = [path for path in (folder / VIDEOS).glob("*") if path.suffix in VIDEO_SUFFIXES]
    return sorted(found, key=lambda path: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)])


def write_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write ``evaluation.json``."""
    write_json(folder / EVALUATION_FILE, {"format": FORMAT} | asdict(evaluation))


def read_evaluation(folder: Path) -> Evaluation:
    """Read ``evaluation.json``.

    Raises:
        UnreadableLog: it is missing, damaged, or of a later format.

    """
    path = folder / EVALUATION_FILE
    try:
        check_is_file(path)
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableLog(f"{path}: cannot be read: {reason(error)}") from None
    if not isinstance(content, dict):
        raise UnreadableLog(f"{path}: is not a JSON object")
    if content.get("format") != FORMAT:
        raise UnreadableLog(f"{path}: format is {json.dumps(content.get('format'))}; this version reads format {FORMAT}")
    try:
        return TypeAdapter(Evaluation).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise UnreadableLog(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def read_evaluation_folder(folder: Path) -> RecordedEvaluation:
    """Read what an evaluation wrote.

    Args:
        folder: of the evaluation.

    Raises:
        UnreadableLog: ``evaluation.json`` cannot be read, or no episode can.

    """
    evaluation, problems = read_evaluation(folder), list[str]()
    episodes = read_evaluated_episodes(folder, problems)
    if not episodes:
        raise UnreadableLog(f"{folder}: no episode of the evaluation can be read" + "".join(f"; {line}" for line in problems))
    return RecordedEvaluation(folder, evaluation, episodes, problems)
