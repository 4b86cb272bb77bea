import pytest

from av_td3.runs.town_map import read_lanes
from av_td3.runs.trajectories import evaluations, read_trajectories
from tests.report.folders import write_trajectories


def test_trajectories_and_town_are_read(tmp_path):
    write_trajectories(tmp_path)
    trajectories = read_trajectories(tmp_path)
    assert [(t.purpose, t.step, t.episode) for t in trajectories[:3]] == [
        ("evaluation", 2500, 0),
        ("evaluation", 2500, 1),
        ("evaluation", 5000, 0),
    ]
    assert trajectories[1].positions[2].tolist() == [10.0, 3.0]
    assert trajectories[1].actions.shape == (20, 2)
    assert [[t.step for t in group] for group in evaluations(trajectories)] == [[2500, 2500], [5000, 5000]]
    assert [lane.shape for lane in read_lanes(tmp_path)] == [(2, 2), (2, 2)]


def test_a_line_that_is_cut_off_is_left_out(tmp_path):
    write_trajectories(tmp_path)
    path = tmp_path / "trajectories.csv"
    path.write_text(path.read_text()[:-9])
    assert len(read_trajectories(tmp_path)[-1].positions) == 19


@pytest.mark.parametrize("cell", ["nan", "inf", "-1e30", "words", ""])
def test_a_place_that_is_not_on_a_map_is_left_out(tmp_path, cell):
    lines = ["purpose,step,episode,x,y,steer,pedal", "training,9,0,1.0,2.0,0.5,-0.5", f"training,9,0,{cell},2.0,0.5,-0.5"]
    (tmp_path / "trajectories.csv").write_text("\n".join(lines))
    (trajectory,) = read_trajectories(tmp_path)
    assert trajectory.positions.tolist() == [[1.0, 2.0]]
    assert trajectory.actions.tolist() == [[0.5, -0.5]]


def test_a_folder_without_trajectories_has_none(tmp_path):
    assert read_trajectories(tmp_path) == []
    assert read_lanes(tmp_path) == []


def test_a_folder_with_the_former_name_is_read_and_the_present_name_goes_first(tmp_path):
    write_trajectories(tmp_path)
    (tmp_path / "trajectories.csv").rename(tmp_path / "drives.csv")
    assert len(read_trajectories(tmp_path)) == 9
    (tmp_path / "trajectories.csv").write_text("purpose,step,episode,x,y,steer,pedal\ntraining,9,0,1.0,2.0,0.5,-0.5\n")
    assert len(read_trajectories(tmp_path)) == 1


def test_evaluations_are_in_the_order_of_their_steps_however_they_were_written(tmp_path):
    rows = ("evaluation,5000,0", "training,3000,7", "evaluation,2500,0", "evaluation,2500,1")
    lines = ["purpose,step,episode,x,y,steer,pedal", *(f"{row},1.0,2.0,0.5,-0.5" for row in rows)]
    (tmp_path / "trajectories.csv").write_text("\n".join(lines))
    found = evaluations(read_trajectories(tmp_path))
    assert [[(t.step, t.episode) for t in group] for group in found] == [[(2500, 0), (2500, 1)], [(5000, 0)]]
