import subprocess
import sys

import numpy as np
import pytest

from av_td3.simulator.builtin.towns import ring01
from av_td3.simulator.builtin.towns.opendrive import read_opendrive


def roads():
    return read_opendrive(ring01.DOCUMENT.read_text())


def test_the_shipped_document_is_what_the_program_writes():
    assert ring01.write() == ring01.DOCUMENT.read_text()


def test_the_server_imports_nothing_that_writes_it():
    script = (
        "import sys; from av_td3.simulator.builtin.town import load_town; load_town('Ring01'); "
        "assert not {'scenariogeneration', 'pyclothoids', 'av_td3.simulator.builtin.towns.ring01'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_curves_are_tighter_and_wider_than_those_of_other_towns():
    bends = [abs(shape.curvature) for road in roads() for shape in road.shapes if shape.curvature == shape.end_curvature != 0.0]
    assert 1.0 / max(bends) == pytest.approx(12.0)
    assert 1.0 / min(bends) == pytest.approx(120.0)


def test_the_hill_is_five_metres_high_with_grades_up_to_about_five_per_cent():
    s = [(road, np.linspace(0.0, road.length, 500)) for road in roads()]
    assert abs(max(float(road.elevation(at).max()) for road, at in s) - 5.0) < 0.01
    assert 0.045 < max(float(np.abs(road.elevation.slope(at)).max()) for road, at in s) < 0.055
    for road, at in s:
        assert np.abs(np.diff(road.elevation.slope(at))).max() < 0.005  # smooth


def test_lanes_differ_in_width_and_a_carriageway_has_two_each_way():
    lanes = [[lane for lane in road.sections[0].lanes if lane.kind == "driving"] for road in roads() if road.junction < 0]
    widths = {float(lane.width(np.float64(0.0))) for road in lanes for lane in road}
    assert len(widths) >= 4
    assert [sum(lane.id > 0 for lane in road) for road in lanes if len(road) == 4] == [2]
    assert 2000.0 < sum(road.length for road in roads()) < 4000.0
