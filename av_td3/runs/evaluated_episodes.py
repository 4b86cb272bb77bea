"""``episodes.csv`` of an evaluation: a row per driven episode."""

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from io import StringIO
from pathlib import Path
from typing import Any

from av_td3.runs.episodes import EPISODES_FILE
from av_td3.runs.files import reason, write_atomically

Key = tuple[str, str, int]
FAILED = "failed"  # ending of an episode that could not be driven


@dataclass(frozen=True)
class EvaluatedEpisode:
    """A driven episode. The fields are the columns; None stands for what was not measured, which is an empty cell.

    Args:
        policy: name of the run or driver.
        route: id of the route.
        repeat: number of the episode among those of the policy on the route, from 0.
        town: name of the map.
        weather: name of the weather.
        route_length: m.
        ending: name of the ending, such as ``goal`` or ``collision``; ``failed`` if it could not be driven.
        success: 1 if it ended at the goal, else 0.
        route_completion: 0 to 1.
        driving_score: 0 to 1.
        reward: sum over its steps.
        steps: of the environment.
        distance: m.
        mean_speed: m/s.
        speed_error: mean absolute difference from the target speed, m/s.
        lane_invasions_per_km: 1/km.
        lateral_rms: root mean square of the lateral deviation, m.
        heading_rms: of the heading error, degrees.
        jerk_rms: of the jerk, m/s3.
        lateral_acceleration_max: m/s2.
        min_time_to_collision: s; None also if there was no vehicle ahead.
        collisions: count.
        outside_lane_share: share of the distance off all driving lanes, 0 to 1.
        simulator_losses: how often the episode was driven again because the simulator was lost.

    """

    policy: str
    route: str
    repeat: int
    town: str
    weather: str
    route_length: float | None
    ending: str
    success: int | None
    route_completion: float | None
    driving_score: float | None
    reward: float | None
    steps: int | None
    distance: float | None
    mean_speed: float | None
    speed_error: float | None
    lane_invasions_per_km: float | None
    lateral_rms: float | None
    heading_rms: float | None
    jerk_rms: float | None
    lateral_acceleration_max: float | None
    min_time_to_collision: float | None
    collisions: int | None
    outside_lane_share: float | None
    simulator_losses: int = 0

    @property
    def key(self) -> Key:
        """Policy, route and repeat, which identify the episode."""
        return self.policy, self.route, self.repeat

    @property
    def is_driven(self) -> bool:
        """Whether it could be driven. If not, success, route completion and score are 0, and the rest is not measured."""
        return self.ending != FAILED


COLUMNS = tuple(column.name for column in fields(EvaluatedEpisode))
SHARES = ("success", "route_completion", "driving_score", "outside_lane_share")  # 0 to 1


def write_evaluated_episodes(folder: Path, episodes: Iterable[EvaluatedEpisode]) -> None:
    """Write ``episodes.csv`` atomically, in the given order. Equal episodes give equal bytes."""
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows([_cell(getattr(episode, column)) for column in COLUMNS] for episode in episodes)
    write_atomically(folder / EPISODES_FILE, lambda file: file.write(text.getvalue().encode(errors="backslashreplace")))


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def read_evaluated_episodes(folder: Path, problems: list[str]) -> list[EvaluatedEpisode]:
    """Read ``episodes.csv`` of an evaluation.

    Args:
        folder: of the evaluation.
        problems: gets a line for what could not be read: damaged rows, which are skipped; numbers that are not finite,
            which count as not measured; episodes that are there more than once, of which the last counts.

    Returns:
        The episodes in the order of the file; empty if it cannot be read.

    """
    episodes: dict[Key, EvaluatedEpisode] = {}
    damaged, repeated, cells = 0, 0, list[str]()
    try:
        with (folder / EPISODES_FILE).open(newline="", encoding="utf-8", errors="replace") as file:
            for row in csv.DictReader(line.replace("\0", "") for line in file):
                try:
                    episode = _parsed(row, cells)
                except (TypeError, ValueError, KeyError):
                    damaged += 1
                    continue
                repeated += episode.key in episodes
                episodes[episode.key] = episode
    except (OSError, csv.Error) as error:
        problems.append(f"{EPISODES_FILE} cannot be read to its end: {reason(error)}")
    if damaged:
        problems.append(f"{EPISODES_FILE}: skipped {damaged} damaged row(s)")
    if repeated:
        problems.append(f"{EPISODES_FILE}: {repeated} episode(s) are there more than once; the last row of each counts")
    for column in dict.fromkeys(cells):
        problems.append(f"{EPISODES_FILE}: {cells.count(column)} cell(s) of {column} are not finite, so not measured")
    return list(episodes.values())


def _parsed(row: dict[str, Any], non_finite: list[str]) -> EvaluatedEpisode:
    """The episode of a row. Raises TypeError, ValueError or KeyError for a damaged row."""
    if None in row:  # more cells than columns
        raise ValueError
    values = {column: PARSERS[kind](row[column]) for column, kind in EvaluatedEpisode.__annotations__.items()}
    for column, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            non_finite.append(column)
            values[column] = None
        elif column in SHARES and value is not None and not 0.0 <= value <= 1.0:
            raise ValueError
    return EvaluatedEpisode(**values)


def _text(cell: str | None) -> str:
    if not cell:  # a row that is cut off
        raise ValueError
    return cell


def _optional_int(cell: str) -> int | None:
    return None if cell == "" else int(cell)


def _optional_float(cell: str) -> float | None:
    return None if cell == "" else float(cell)


PARSERS: dict[Any, Callable[[str], Any]] = {
    str: _text,
    int: int,
    int | None: _optional_int,
    float | None: _optional_float,
}
