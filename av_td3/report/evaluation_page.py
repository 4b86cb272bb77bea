"""Writes the page of an evaluation, ``evaluation.html``, and its table for LaTeX, ``table.tex``."""

import base64
import os
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from av_td3.config.errors import ConfigError
from av_td3.report.evaluation_figures import policy_plots, variance_plot
from av_td3.report.evaluation_latex import latex_table
from av_td3.report.evaluation_maps import Ground, maps
from av_td3.report.evaluation_measures import DRIVING_SCORE, HEADLINE, LANE_KEEPING, MOTION, OUTCOMES, ROUTE_COMPLETION
from av_td3.report.evaluation_statistics import EvaluationStatistics, evaluation_statistics
from av_td3.report.evaluation_text import (
    driver_text,
    endings_text,
    evaluation_in_words,
    interval_text,
    intervals_in_words,
    lost_in_words,
    mean_text,
    missing_in_words,
    share_text,
)
from av_td3.report.page import render, to_bytes
from av_td3.report.route_bootstrap import Estimate
from av_td3.runs.evaluated_episodes import EvaluatedEpisode
from av_td3.runs.evaluated_trajectories import read_evaluated_trajectories
from av_td3.runs.evaluation_folder import EVALUATION_PAGE, EVALUATION_TABLE, RecordedEvaluation
from av_td3.runs.files import write_atomically
from av_td3.runs.town_map import read_lanes

VIDEO_TYPES = {".mp4": "video/mp4", ".webp": "image/webp"}
MAX_EMBEDDED = 12_000_000  # bytes of the videos in a page, which a browser still opens at once


class RouteRow(NamedTuple):
    """A policy on a route: means over the repeats."""

    route: str
    place: str  # town, weather, length
    policy: str
    endings: str
    completion: str
    score: str


class Video(NamedTuple):
    """A video as a data URI, or as a link to its file."""

    title: str
    uri: str
    is_embedded: bool
    is_image: bool  # an animated image, which needs no player


def write_evaluation_page(recorded: RecordedEvaluation, folder: Path, videos: Sequence[Path] = ()) -> list[Path]:
    """Write ``evaluation.html`` and ``table.tex``.

    Args:
        recorded: the evaluation, with its trajectories and ``map.json`` in its folder.
        folder: an existing folder to write to.
        videos: mp4 or webp files. The first ones, up to MAX_EMBEDDED in all, become a part of the page, the others are links.

    Returns:
        The paths of both files.

    Raises:
        ConfigError: a video is of another kind.
        OSError: a video cannot be read, or a file cannot be written.

    """
    evaluation, episodes = recorded.evaluation, recorded.episodes
    statistics = evaluation_statistics(evaluation, episodes)
    names = [row.name for row in statistics.policies]
    ground = Ground(read_lanes(recorded.folder), evaluation.routes.goals)
    html = render(
        "evaluation.html.j2",
        name=recorded.name,
        evaluation=evaluation,
        statistics=statistics,
        headline=statistics.overall or statistics.policies[0],
        measures=HEADLINE,
        tables=(("Outcome", OUTCOMES), ("Lane keeping", LANE_KEEPING), ("Motion", MOTION)),
        what=evaluation_in_words(evaluation, statistics),
        intervals=intervals_in_words(statistics),
        lost=lost_in_words(evaluation),
        missing=missing_in_words(statistics),
        problems=recorded.problems,
        plots=policy_plots(statistics),
        variance=variance_plot(statistics),
        maps=maps(episodes, read_evaluated_trajectories(recorded.folder), names, ground),
        routes=route_rows(names, episodes),
        videos=_videos(videos, folder),
        mean_text=mean_text,
        interval_text=interval_text,
        share_text=share_text,
        endings_text=endings_text,
        driver_text=driver_text,
    )
    return _written(folder, html, statistics)


def _written(folder: Path, html: str, statistics: EvaluationStatistics) -> list[Path]:
    page, table = folder / EVALUATION_PAGE, folder / EVALUATION_TABLE
    write_atomically(page, lambda file: file.write(to_bytes(html)))
    write_atomically(table, lambda file: file.write(to_bytes(latex_table(statistics))))
    return [page, table]


def route_rows(policies: list[str], episodes: list[EvaluatedEpisode]) -> list[RouteRow]:
    """A row for each route and policy, in the order in which the routes were driven."""
    rows = []
    for route in dict.fromkeys(episode.route for episode in episodes):
        for policy in policies:
            driven = [episode for episode in episodes if (episode.route, episode.policy) == (route, policy)]
            if driven:
                rows.append(_route_row(driven))
    return rows


def _route_row(driven: list[EvaluatedEpisode]) -> RouteRow:
    first = driven[0]
    length = "" if first.route_length is None else f", {first.route_length:.0f} m"
    endings = endings_text(dict(Counter(episode.ending for episode in driven).most_common()))
    means = []
    for measure in (ROUTE_COMPLETION, DRIVING_SCORE):
        values = [value for episode in driven if (value := getattr(episode, measure.column)) is not None]
        means.append(mean_text(Estimate(sum(values) / len(values) if values else float("nan"))))
    return RouteRow(first.route, f"{first.town}, {first.weather}{length}", first.policy, endings, *means)


def _videos(paths: Sequence[Path], folder: Path) -> list[Video]:
    """Embedded as long as they fit, in order."""
    sizes = accumulate(path.stat().st_size for path in paths)
    return [_video(path, folder, embed=size <= MAX_EMBEDDED) for path, size in zip(paths, sizes, strict=True)]


def _video(path: Path, folder: Path, *, embed: bool) -> Video:
    kind = VIDEO_TYPES.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"{path}: is no video that a page can hold; give one of {', '.join(VIDEO_TYPES)}")
    if embed:
        uri = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    else:
        uri = quote(os.path.relpath(path, folder))
    return Video(path.stem, uri, embed, kind.startswith("image"))
