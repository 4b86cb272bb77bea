import cv2
import numpy as np
import pytest

from av_td3.simulator.builtin.images import contact_sheet
from av_td3.simulator.builtin.images.contact_sheet import VIEWS, WEATHERS, main, render_view
from av_td3.simulator.builtin.town import load_town


def test_all_cells_differ():
    town = load_town(contact_sheet.TOWN)
    small = next(v for v in VIEWS if v.quality == "high"), VIEWS[-1]
    images = [render_view(town, view, weather) for view in small for weather in (WEATHERS[0], WEATHERS[-1])]
    assert len({image.tobytes() for image in images}) == 4
    assert all(image.std() > 5.0 for image in images)


def test_the_command_writes_an_image(tmp_path, monkeypatch):
    monkeypatch.setattr(contact_sheet, "draw_sheet", lambda town: np.full((20, 30, 3), 90, np.uint8))
    monkeypatch.setattr("sys.argv", ["contact_sheet", str(tmp_path / "sheet.png")])
    assert main() == 0
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (20, 30, 3)


@pytest.mark.parametrize("name", ["sheet.txt", "missing/sheet.png"])
def test_a_path_that_cannot_be_written_is_one_line(tmp_path, monkeypatch, capfd, name):
    monkeypatch.setattr(contact_sheet, "draw_sheet", lambda town: np.zeros((2, 2, 3), np.uint8))
    monkeypatch.setattr("sys.argv", ["contact_sheet", str(tmp_path / name)])
    assert main() == 2
    assert capfd.readouterr().err.splitlines()[-1].startswith(str(tmp_path / name))
