"""The records of a run that was killed and resumed."""

import numpy as np

from av_td3.runs.episodes import EpisodeRow, read_episodes
from av_td3.runs.log import RunLog
from av_td3.runs.scalars import read_log
from av_td3.runs.town_map import read_lanes
from av_td3.runs.trajectories import EVALUATION, TRAINING, TrajectoryPoint, read_trajectories


def row(number, step, reward):
    return EpisodeRow(number, step, "goal", 10, reward, 1.0, 50.0, 4.0, 0)


def write_episode(log, number, step, reward):
    log.scalars({"episode/reward": reward, "loss": reward / 2}, step)
    log.episode(row(number, step, reward))
    log.trajectory(TRAINING, step, number, [TrajectoryPoint(reward, 2.0, 0.12345, -1.0)])


def test_a_resumed_run_continues_behind_its_checkpoint_and_drops_what_came_after_it(tmp_path):
    log = RunLog(tmp_path)
    write_episode(log, 0, 10, 1.0)
    cursor = log.cursor(10)
    write_episode(log, 1, 20, 2.0)
    log.scalars({"late": 5.0}, 11)
    log.close()  # killed, but for this

    log = RunLog(tmp_path, cursor)
    write_episode(log, 1, 21, 3.0)
    log.trajectory(EVALUATION, 21, 0, [TrajectoryPoint(0.0, 0.0, 0.0, 0.0)])
    log.close()

    assert read_episodes(tmp_path) == [row(0, 10, 1.0), row(1, 21, 3.0)]
    found = [(t.purpose, t.step, t.episode, t.positions.tolist()) for t in read_trajectories(tmp_path)]
    assert found == [
        ("training", 10, 0, [[1.0, 2.0]]),
        ("training", 21, 1, [[3.0, 2.0]]),
        ("evaluation", 21, 0, [[0.0, 0.0]]),
    ]
    scalars = read_log(tmp_path / "tensorboard").scalars
    assert {tag: (s.steps.tolist(), s.values.tolist()) for tag, s in scalars.items()} == {
        "episode/reward": ([10, 21], [1.0, 3.0]),
        "loss": ([10, 21], [0.5, 1.5]),
    }


def test_a_run_that_died_before_its_first_checkpoint_starts_from_scratch(tmp_path):
    log = RunLog(tmp_path)
    write_episode(log, 0, 10, 1.0)
    log.close()
    log = RunLog(tmp_path)
    write_episode(log, 0, 12, 2.0)
    log.close()
    assert read_episodes(tmp_path) == [row(0, 12, 2.0)]
    assert len(read_trajectories(tmp_path)) == 1
    assert read_log(tmp_path / "tensorboard").scalars["loss"].steps.tolist() == [12]


def test_all_of_it_is_on_disk_at_a_checkpoint(tmp_path):
    log = RunLog(tmp_path)
    write_episode(log, 0, 10, 1.0)
    cursor = log.cursor(10)
    assert read_log(tmp_path / "tensorboard").scalars["loss"].values.tolist() == [0.5]
    assert cursor == {
        "step": 10,
        "episodes": (tmp_path / "episodes.csv").stat().st_size,
        "trajectories": (tmp_path / "trajectories.csv").stat().st_size,
    }
    log.close()


def test_the_town_is_written_once(tmp_path):
    log = RunLog(tmp_path)
    log.town([np.array([[1.0, 2.0], [3.0, 4.0]])])
    log.town([])
    log.close()
    assert [lane.tolist() for lane in read_lanes(tmp_path)] == [[[1.0, 2.0], [3.0, 4.0]]]
