"""The first and last video of a run on its page, in a browser."""

import numpy as np
import pytest
from PIL import Image

from av_td3.diagnostics.recorded_run import read_run
from av_td3.report.assessment import assess
from av_td3.report.run_report import write_report
from av_td3.runs.evaluation_videos import EvaluationVideo, write_facts
from av_td3.runs.video import write_video
from tests.report.folders import write_run
from tests.watch.browser import CHROMIUM, browser

# Two values of the picture, drawn into a canvas: the first pixel and the time.
STATE = """[...document.querySelectorAll("video")].map(video => {
  const canvas = document.createElement("canvas"), painter = canvas.getContext("2d");
  painter.drawImage(video, 0, 0);
  return [video.currentTime, painter.getImageData(8, 8, 1, 1).data[0]];
})"""


def film(folder, step, completion, ending="off_road"):
    video = EvaluationVideo(step, "3", completion, ending)
    video.path(folder).parent.mkdir(exist_ok=True)
    write_video(video.path(folder), [np.full((48, 84, 3), 20 + 4 * number, np.uint8) for number in range(50)], 10.0)
    Image.fromarray(np.full((84, 84, 3), 77, np.uint8)).save(video.camera_path(folder))
    write_facts(folder, video)
    return video


def page_of(folder):
    write_report(assess(read_run(folder)), folder)
    return (folder / "report.html").read_text()


@pytest.fixture
def run(tmp_path):
    folder = write_run(tmp_path / "run")
    for step, completion in ((253, 0.021), (2500, 0.4), (5000, 0.876)):
        film(folder, step, completion)
    return folder


def test_the_first_and_the_last_video_are_a_part_of_the_page(run):
    page = page_of(run)
    assert page.count('<video controls muted loop playsinline src="data:video/mp4;base64,') == 2
    assert page.count('<img class="camera" src="data:image/png;base64,') == 2
    assert page.index("Step 253: 2 % of route 3, off_road") < page.index("Step 5,000: 88 % of route 3, off_road")
    assert "Step 2,500" not in page


def test_a_video_that_is_too_large_is_a_link(run, monkeypatch):
    monkeypatch.setattr("av_td3.report.run_videos.MAX_EMBEDDED_BYTES", 500)
    page = page_of(run)
    assert "<video" not in page
    assert '<a href="videos/step-000005000.mp4">' in page


def test_one_video_is_shown_once_and_without_any_there_is_no_section(tmp_path):
    folder = write_run(tmp_path / "run")
    assert "<h2>Driving</h2>" not in page_of(folder)
    film(folder, 500, 1.0, "goal")
    assert page_of(folder).count("<video") == 1


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_the_videos_play_in_a_browser(run, tmp_path):
    page_of(run)
    with browser(tmp_path / "profile") as page:
        page.open((run / "report.html").as_uri(), 1240, 900)
        page.value("Promise.all([...document.querySelectorAll('video')].map(video => video.play())).then(() => true)")
        page.until("[...document.querySelectorAll('video')].every(video => video.currentTime > 0.2)")
        before = page.value(STATE)
        page.until("[...document.querySelectorAll('video')].every(video => video.currentTime > 1.2)")
        after = page.value(STATE)
    assert len(before) == len(after) == 2
    for (earlier, dark), (later, bright) in zip(before, after, strict=True):
        assert later > earlier
        assert bright > dark + 10
