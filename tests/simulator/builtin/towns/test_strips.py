import numpy as np
import pytest

from av_td3.simulator.builtin.town import PLANS, load_town
from av_td3.simulator.builtin.towns.ground import Ground, Surface, draw_labels
from av_td3.simulator.builtin.towns.opendrive import read_opendrive
from av_td3.simulator.builtin.towns.strips import lay_strips
from tests.simulator.builtin.road_documents import lane, mark, section, straight, width

ASPHALT = {Surface.ASPHALT, Surface.ASPHALT_DARK}
MARKS = {Surface.WHITE_MARK, Surface.YELLOW_MARK}
GRASS = {Surface.GRASS, Surface.GRASS_DARK}


def drawn(sections, length=60.0):
    strips = lay_strips(read_opendrive(straight(length, sections)))
    return Ground(draw_labels(strips, (-10.0, -20.0), (400, 800), 0), -10.0, -20.0, strips)


def street(centre="none", edge="none", color="white", outside="sidewalk"):
    side = [lane(k, "driving", width(3.5), mark(edge)) for k in (1, -1)]
    beside = [lane(k, outside, width(2.0)) for k in (2, -2)]
    return section(0, beside[0] + side[0], side[1] + beside[1], mark(centre, color))


def along(ground, y, start=1.0, end=59.0):
    return np.array([ground.surface_at(x, y) for x in np.arange(start, end, 0.1)])


@pytest.mark.parametrize("name", sorted(PLANS))
def test_nothing_stands_in_a_driving_lane(name):
    town = load_town(name)
    for road in read_opendrive(town.opendrive):
        for part in road.sections:
            for s in np.arange(part.start, part.end, 2.0):
                edges = road.edges(part, np.float64(s))
                for one in (one for one in part.lanes if one.kind == "driving"):
                    inner, outer = map(float, edges[one.id])
                    for share in (0.1, 0.5, 0.9):
                        x, y, _ = road.at(s, inner + share * (outer - inner))
                        assert town.ground.surface_at(x, y) in ASPHALT | MARKS, (road.id, s, one.id)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_junctions_have_no_marks_in_the_middle_of_their_ways(name):
    town = load_town(name)
    for road in (road for road in read_opendrive(town.opendrive) if road.junction >= 0):
        inner, outer = road.edges(road.sections[0], np.float64(road.length / 2))[-1]
        x, y, _ = road.at(road.length / 2, float(inner + outer) / 2)
        assert town.ground.surface_at(x, y) in ASPHALT


def test_a_street_from_the_middle_outwards():
    ground = drawn(street(edge="solid"))
    seen = [ground.surface_at(30.0, y) for y in (1.0, 3.2, 3.6, 4.5, 6.0)]
    assert seen[0] in ASPHALT
    assert seen[1:4] == [Surface.WHITE_MARK, Surface.KERB, Surface.SIDEWALK]  # the mark keeps away from the kerb
    assert seen[4] in GRASS


def test_a_solid_mark_has_no_gap_and_a_broken_one_has():
    assert set(along(drawn(street("solid", color="yellow")), 0.0)) == {Surface.YELLOW_MARK}
    broken = np.isin(along(drawn(street("broken")), 0.0, end=55.0), [*MARKS])
    assert broken.mean() == pytest.approx(1 / 3, abs=0.05)  # 3 m, then 6 m without
    assert not np.isin(along(drawn(street("none")), 0.0), [*MARKS]).any()


def test_a_double_mark_has_two_lines_with_asphalt_between():
    ground = drawn(street("solid broken"))
    across = np.array([[ground.surface_at(x, y) for x in np.arange(1.0, 55.0, 0.1)] for y in (-0.2, 0.0, 0.2)])
    painted = np.isin(across, [*MARKS]).mean(axis=1)
    assert painted[1] == 0.0
    assert painted[2] == pytest.approx(1 / 3, abs=0.05)  # the second line is the outer one
    assert painted[0] == 1.0


def test_a_wider_mark_is_drawn_wider():
    def painted(thickness):
        right = lane(-1, "driving", width(3.5), mark("solid", "white", thickness)) + lane(-2, "driving", width(3.5))
        ground = drawn(section(0, "", right))
        return sum(ground.surface_at(30.0, y) in MARKS for y in np.arange(2.5, 4.5, 0.1))

    assert painted(0.5) >= painted(0.15) + 3


def test_a_median_is_grass_behind_kerbs_and_a_shoulder_is_asphalt():
    right = lane(-1, "median", width(2.0)) + lane(-2, "driving", width(3.5)) + lane(-3, "shoulder", width(1.5))
    ground = drawn(section(0, "", right))
    assert ground.surface_at(30.0, 1.0) in GRASS
    assert ground.surface_at(30.0, 1.9) == Surface.KERB
    assert ground.surface_at(30.0, 6.5) in ASPHALT
    assert ground.surface_at(30.0, 7.3) in GRASS


@pytest.mark.parametrize("name", sorted(PLANS))
def test_strips_are_short_and_in_drawing_order(name):
    strips = load_town(name).ground.strips
    order = [Surface.SIDEWALK, Surface.KERB, Surface.ASPHALT, Surface.WHITE_MARK, Surface.YELLOW_MARK]
    ranks = [order.index(strip.surface) for strip in strips]
    assert ranks == sorted(ranks)
    for strip in strips:
        assert strip.outline.dtype == np.float32
        middle = len(strip.outline) // 2
        left, right = strip.outline[:middle], strip.outline[middle:][::-1]
        along = (left + right) / 2
        assert np.hypot(*np.diff(along, axis=0).T).sum() < 26.0  # 20 m of the reference line, on whose outer side it lies
