import json
from dataclasses import replace

import numpy as np
import pytest

from av_td3.runs.evaluated_episodes import EvaluatedEpisode, read_evaluated_episodes, write_evaluated_episodes
from av_td3.runs.evaluated_trajectories import EvaluatedTrajectory, read_evaluated_trajectories, write_evaluated_trajectories
from av_td3.runs.evaluation_folder import (
    EpisodeProblem,
    EvaluatedPolicy,
    Evaluation,
    RouteSet,
    is_evaluation,
    read_evaluation,
    read_evaluation_folder,
    write_evaluation,
)
from av_td3.runs.scalars import UnreadableLog

EPISODE = EvaluatedEpisode(
    *("seed 0", "r-1", 0, "Suburb01", "ClearNoon", 200.0, "goal", 1, 1.0, 0.1 + 0.2, 1e-300, 156, 200.5, 4.5, 0.5),
    *(0.0, 0.25, 1.5, 2.0, 1.75, None, 0, 0.0, 2),
)
LOST = replace(EPISODE, repeat=1, ending="failed", success=None, driving_score=None, collisions=None, route_length=None)
EVALUATION = Evaluation(
    policies=[EvaluatedPolicy("seed 0", "outputs/a", 5000), EvaluatedPolicy("pursuit", driver="pure_pursuit")],
    routes=RouteSet("default", None, 3, {"r-1": (1.0, 2.5)}),
    seed=3,
    repeats=2,
    config_changes={"scenario.npc_vehicles": 10},
    losses=[EpisodeProblem("seed 0", "r-1", 0, "time-out of 10 s")],
    failures=[EpisodeProblem("seed 0", "r-1", 1, "lost 3 times")],
    summary={"driving_score": {"mean": 0.5, "low": None}},
)


@pytest.fixture
def folder(tmp_path):
    write_evaluated_episodes(tmp_path, [EPISODE, LOST])
    write_evaluation(tmp_path, EVALUATION)
    return tmp_path


def test_an_evaluation_is_read_as_it_was_written(folder):
    recorded = read_evaluation_folder(folder)
    assert recorded.episodes == [EPISODE, LOST]
    assert recorded.evaluation == EVALUATION
    assert recorded.problems == []


def test_what_was_not_measured_is_an_empty_cell(folder):
    header, _, lost = (line.split(",") for line in (folder / "episodes.csv").read_text().splitlines())
    cells = dict(zip(header, lost, strict=True))
    assert [name for name, cell in cells.items() if cell == ""] == [
        *("route_length", "success", "driving_score", "min_time_to_collision", "collisions")
    ]
    assert header[:4] == ["policy", "route", "repeat", "town"]
    assert cells["simulator_losses"] == "2"


def test_equal_episodes_give_equal_bytes_whatever_the_type_of_their_numbers(folder):
    first = (folder / "episodes.csv").read_bytes()
    same = replace(EPISODE, success=True, reward=np.float64(EPISODE.reward), steps=np.int64(156))
    write_evaluated_episodes(folder, [same, LOST])
    assert (folder / "episodes.csv").read_bytes() == first


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (",goal,1,", ",goal,2,"),
        (",156,", ",many,"),
        ("seed 0,r-1,0", "seed 0,r-1,"),
        ("0.0,2\n", "0.0\n"),
        ("0.0,2\n", "0.0,2,9\n"),
    ],
)
def test_a_damaged_row_is_skipped_and_reported(folder, before, after):
    path = folder / "episodes.csv"
    lines = path.read_text().splitlines(keepends=True)
    assert before in lines[1]
    path.write_text(lines[0] + lines[1].replace(before, after) + lines[2])
    recorded = read_evaluation_folder(folder)
    assert recorded.episodes == [LOST]
    assert recorded.problems == ["episodes.csv: skipped 1 damaged row(s)"]


def test_a_number_that_is_not_finite_is_not_measured_and_reported(folder):
    write_evaluated_episodes(folder, [replace(EPISODE, reward=float("nan"), min_time_to_collision=float("inf"))])
    problems = []
    assert read_evaluated_episodes(folder, problems) == [replace(EPISODE, reward=None)]
    assert problems == [
        "episodes.csv: 1 cell(s) of reward are not finite, so not measured",
        "episodes.csv: 1 cell(s) of min_time_to_collision are not finite, so not measured",
    ]


def test_the_last_row_of_an_episode_counts(folder):
    again = replace(EPISODE, reward=7.0)
    write_evaluated_episodes(folder, [EPISODE, LOST, again])
    problems = []
    assert read_evaluated_episodes(folder, problems) == [again, LOST]
    assert problems == ["episodes.csv: 1 episode(s) are there more than once; the last row of each counts"]


def test_a_folder_without_readable_episodes_is_refused_in_one_line(folder):
    (folder / "episodes.csv").write_text("policy,route\n")
    with pytest.raises(UnreadableLog, match="no episode of the evaluation can be read"):
        read_evaluation_folder(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "is not a JSON object"),
        ('{"format": 2}', "format is 2; this version reads format 1"),
        (json.dumps({"format": 1, "policies": [{"name": 1}]}), r"policies\.0\.name: Input should be a valid string"),
    ],
)
def test_an_unreadable_evaluation_is_refused_in_one_line(folder, text, words):
    (folder / "evaluation.json").write_text(text)
    with pytest.raises(UnreadableLog, match=words) as caught:
        read_evaluation(folder)
    assert "\n" not in str(caught.value)


def test_an_evaluation_is_told_from_a_run_by_its_file(folder, tmp_path_factory):
    assert is_evaluation(folder)
    assert not is_evaluation(tmp_path_factory.mktemp("run"))


def test_trajectories_are_read_as_they_were_written_to_the_millimetre(tmp_path):
    points = np.array([[1.23456, -2.0, 3.5, 0.25, -1.0], [2.0, -2.5, 3.75, 0.125, 1.0]])
    write_evaluated_trajectories(tmp_path, [EvaluatedTrajectory("a, b", "r", k, points + k) for k in (0, 1)])
    first, second = read_evaluated_trajectories(tmp_path)
    assert (first.key, second.key) == (("a, b", "r", 0), ("a, b", "r", 1))
    assert first.points.tolist() == [[1.235, -2.0, 3.5, 0.25, -1.0], [2.0, -2.5, 3.75, 0.125, 1.0]]
    assert second.positions.tolist() == [[2.235, -1.0], [3.0, -1.5]]


@pytest.mark.parametrize("cell", ["nan", "inf", "-1e30", "words", ""])
def test_a_point_that_is_not_on_a_map_is_left_out(tmp_path, cell):
    lines = ["policy,route,repeat,x,y,speed,steer,pedal", "a,r,0,1.0,2.0,3.0,0.5,-0.5", f"a,r,0,{cell},2.0,3.0,0.5,-0.5"]
    (tmp_path / "trajectories.csv").write_text("\n".join(lines))
    (trajectory,) = read_evaluated_trajectories(tmp_path)
    assert trajectory.points.tolist() == [[1.0, 2.0, 3.0, 0.5, -0.5]]


def test_a_folder_without_trajectories_has_none(tmp_path):
    assert read_evaluated_trajectories(tmp_path) == []
