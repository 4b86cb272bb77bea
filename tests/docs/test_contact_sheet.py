"""The sheet of what the camera shows."""

import cv2
import pytest

from tests.docs.kinds import of_kind


@pytest.mark.parametrize(**of_kind("contact sheet"))
def test_the_printed_command_draws_the_sheet_that_the_docs_show(script, type_in, checkout):
    path = checkout / script.words[-1]
    path.unlink()
    type_in(script)
    sheet = cv2.imread(str(path))
    assert sheet.shape[0] > 2000
    assert path.stat().st_size < 1e6
