from av_td3.runs.evaluation_videos import EvaluationVideo, camera_path, drop_videos_after, read_videos, write_facts

FIRST, SECOND = EvaluationVideo(253, "0", 0.25, "off_road"), EvaluationVideo(2500, "drawn", 1.0, "goal")


def write(folder, *videos):
    (folder / "videos").mkdir()
    for video in videos:
        video.path(folder).touch()
        camera_path(folder, video.step).touch()
        write_facts(folder, video)


def names(folder):
    return sorted(path.name for path in (folder / "videos").iterdir())


def test_videos_are_read_in_the_order_of_steps(tmp_path):
    write(tmp_path, SECOND, FIRST)
    assert read_videos(tmp_path) == [FIRST, SECOND]
    assert FIRST.path(tmp_path).name == "step-000000253.mp4"
    assert FIRST.camera_path(tmp_path).name == "step-000000253-camera.png"


def test_a_folder_without_videos_has_none(tmp_path):
    assert read_videos(tmp_path) == []


def test_what_is_incomplete_or_damaged_is_left_out(tmp_path):
    write(tmp_path, FIRST, SECOND)
    FIRST.path(tmp_path).unlink()
    SECOND.path(tmp_path).with_suffix(".json").write_text('{"step": "many"}')
    assert read_videos(tmp_path) == []


def test_videos_of_later_steps_are_dropped(tmp_path):
    write(tmp_path, FIRST, SECOND)
    (tmp_path / "videos" / ".step-000000253.mp4.17").touch()
    (tmp_path / "videos" / "mine.mp4").touch()
    drop_videos_after(tmp_path, 253)
    assert read_videos(tmp_path) == [FIRST]
    assert names(tmp_path) == ["mine.mp4", "step-000000253-camera.png", "step-000000253.json", "step-000000253.mp4"]
