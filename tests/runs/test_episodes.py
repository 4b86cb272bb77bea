from av_td3.runs.episodes import EpisodeRow, EpisodeTable, read_episodes

ROWS = [
    EpisodeRow(0, 75, "off_road", 75, -11.773871818285878, 0.03129920959472656, 6.2598419189453125, 0.87, 1),
    EpisodeRow(1, 231, "goal", 156, 1e-300, 1.0, 200.0, 4.5, 0),
]


def test_rows_are_read_as_they_were_written(tmp_path):
    table = EpisodeTable(tmp_path, None)
    for row in ROWS:
        table.append_episode(row)
        assert read_episodes(tmp_path)[-1] == row  # by others, during the run
    table.close()
    assert read_episodes(tmp_path) == ROWS
    columns = "episode,step,ending,length,reward,route_completion,distance,speed,lane_invasions"
    assert (tmp_path / "episodes.csv").read_text().splitlines()[0] == columns


def test_a_line_that_is_cut_off_is_left_out(tmp_path):
    table = EpisodeTable(tmp_path, None)
    for row in ROWS:
        table.append_episode(row)
    table.close()
    path = tmp_path / "episodes.csv"
    path.write_text(path.read_text()[:-12])
    assert read_episodes(tmp_path) == ROWS[:1]


def test_a_folder_without_episodes_has_none(tmp_path):
    assert read_episodes(tmp_path) == []
