import json

import numpy as np
import pytest

from av_td3.runs.town_map import read_lanes, write_lanes


def test_lanes_are_kept_to_a_decimetre(tmp_path):
    write_lanes(tmp_path, [np.array([[0.04, 1.26], [2.0, 3.0], [4.0, 5.0]]), np.array([[1.0, 2.0]])])
    assert [lane.tolist() for lane in read_lanes(tmp_path)] == [[[0.0, 1.3], [2.0, 3.0], [4.0, 5.0]], [[1.0, 2.0]]]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"lanes": 5}', '{"lanes": [["a"]]}'])
def test_a_damaged_map_has_no_lanes(tmp_path, content):
    (tmp_path / "map.json").write_text(content)
    assert read_lanes(tmp_path) == []


def test_a_lane_that_is_not_on_a_map_is_left_out(tmp_path):
    good = [[0.0, 1.0], [2.0, 3.0]]
    (tmp_path / "map.json").write_text(json.dumps({"lanes": [good, [[1e30, 0.0]], [1.0], [[1.0, 2.0, 3.0]]]}))
    assert [lane.tolist() for lane in read_lanes(tmp_path)] == [good]
