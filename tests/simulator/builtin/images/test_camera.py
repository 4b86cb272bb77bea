"""What a camera shows, in both qualities."""

import math
import subprocess
import sys

import numpy as np
import pytest

from av_td3.simulator.builtin.geometry import rotation_matrix
from av_td3.simulator.builtin.images.camera import Camera
from av_td3.simulator.builtin.town import Building, Lamp, Tree
from av_td3.simulator.builtin.towns.ground import Strip, Surface
from tests.simulator.builtin.scenes import NO_CARS, cars, project, slope, strip, town, weather

BOTH = pytest.mark.parametrize("quality", ["low", "high"])
WIDTH, HEIGHT, FOV = 320, 240, 90.0


def render(pose, scene, quality, vehicles=NO_CARS, frame=1, without=-1, size=(WIDTH, HEIGHT), fov=FOV, **changes):
    camera = Camera(*size, fov, quality)
    return camera.render(list(pose), scene, vehicles, weather(**changes), frame, without).astype(int)


def where(mask):
    rows, columns = np.nonzero(mask)
    return columns.mean(), rows.mean()


def is_red(image):
    return (image[..., 2] > 70) & (image[..., 1] < 0.6 * image[..., 2]) & (image[..., 0] < 0.6 * image[..., 2])


def is_yellow(image):
    return (image[..., 2] > 120) & (image[..., 0] < 0.6 * image[..., 2]) & (image[..., 1] > 0.6 * image[..., 2])


def brightness(image):
    return image[..., :3].mean()


@BOTH
@pytest.mark.parametrize(
    ("pose", "fov"),
    [
        ((0, 0, 2, 0, 0, 0), 90),
        ((0, 0, 2, -15, 0, 0), 90),
        ((-2, 1, 5, -20, 25, 0), 90),
        ((0, 0, 3, -10, -10, 12), 90),
        ((0, 0, 3, -10, 5, -30), 70),
        ((10, 4, 12, -90, 0, 0), 90),
        ((0, 0, 2, -5, 10, 0), 50),
    ],
)
def test_a_mark_on_the_ground_appears_where_a_pinhole_sees_it(quality, pose, fov):
    scene = town(marks=[(Surface.YELLOW_MARK, 9.75, 3.75, 10.25, 4.25)])
    image = render(pose, scene, quality, fov=fov, size=(640, 480))
    # The label (i, j) lies around its point, so the mark's middle is half a label less.
    column, row = project((9.95, 3.95, 0.0), pose, 640, 480, fov)
    assert where(is_yellow(image)) == pytest.approx((column, row), abs=1.0)


@BOTH
def test_a_roll_too_small_to_see_changes_nothing(quality):
    scene = town(marks=[(Surface.WHITE_MARK, -100, 1, 100, 1.5), (Surface.KERB, 20, -100, 21, 100)])
    for x in (0.0, 97.0):  # within the town, and where the view leaves it
        level, rolled = (render((x, 0, 1.6, -5, 20, roll), scene, quality) for roll in (0.0, 1e-9))
        assert (level != rolled).any(axis=-1).mean() < 0.001


@BOTH
def test_the_horizon_follows_the_pitch(quality):
    for pitch in (-20.0, -5.0, 10.0):
        image = render((0, 0, 1.5, pitch, 30, 0), town(Surface.GRASS), quality)
        green = image[..., 1] > image[..., 0]
        horizon = HEIGHT / 2 - 0.5 + WIDTH / 2 * math.tan(math.radians(pitch))
        rows = np.arange(HEIGHT)
        assert green[rows > horizon + 6.0].all()
        assert not green[rows < horizon - 2.0].any()


@BOTH
def test_a_near_building_hides_what_is_behind(quality):
    red, blue = Building(20, 0, 0, 1, 10, 8, (20, 20, 220)), Building(30, 0, 0, 1, 2, 4, (220, 20, 20))
    image = render((0, 0, 2, 0, 0, 0), town(buildings=[blue, red]), quality)
    columns = np.nonzero(is_red(image).any(axis=0))[0]
    left, _ = project((19, -10, 0), (0, 0, 2, 0, 0, 0), WIDTH, HEIGHT, FOV)
    right, _ = project((19, 10, 0), (0, 0, 2, 0, 0, 0), WIDTH, HEIGHT, FOV)
    assert (columns.min(), columns.max()) == pytest.approx((left, right), abs=1.5)
    assert not ((image[..., 0] > 120) & (image[..., 2] < 60)).any()


@BOTH
def test_a_car_hides_and_is_hidden_by_its_place_not_by_its_order(quality):
    near, far = (12.0, 0.0, 0.0, {"paint": (20, 20, 220)}), (20.0, 0.0, 0.0, {"paint": (220, 20, 20)})
    images = [render((0, 0, 1, 0, 0, 0), town(), quality, cars(*order)) for order in ((near, far), (far, near))]
    assert np.array_equal(*images)
    assert is_red(images[0]).sum() > 150


@BOTH
def test_walls_around_and_behind_the_camera_do_no_harm(quality):
    walls = [Building(0, 3, 20, 20, 1, 5, (20, 20, 220)), Building(-10, 0, 0, 1, 1, 2, (220, 20, 20))]
    image = render((0, 0, 1, 0, 0, 0), town(buildings=walls), quality, size=(84, 84), sun_azimuth_angle=-90.0)
    assert is_red(image)[:, 60:].any()
    assert not is_red(image)[:, :20].any()


@BOTH
def test_a_car_has_its_own_paint_and_the_carrier_is_left_out(quality):
    chase, fleet = (-7, 0, 3, -12, 0, 0), cars((0, 0, 0, {"paint": (0, 0, 255)}), (15, 0, 0, {"paint": (0, 255, 0)}))
    image = render(chase, town(), quality, fleet)
    assert is_red(image).sum() > 1000
    assert ((image[..., 1] > 100) & (image[..., 2] < 70)).sum() > 50
    assert not is_red(render(chase, town(), quality, fleet, without=0)).any()


@BOTH
def test_a_car_pitches_and_rolls(quality):
    level, tilted = cars((12, 0, 90, {})), cars((12, 0, 90, {}))
    tilted["pose"][0, 3] = 20.0  # seen from its side: its nose, on the right, goes up
    top = {}
    for name, fleet in (("level", level), ("tilted", tilted)):
        red = is_red(render((0, 0, 1, 0, 0, 0), town(), quality, fleet, sun_azimuth_angle=180.0))
        columns = np.nonzero(red.any(axis=0))[0]
        top[name] = [np.nonzero(red[:, c])[0].min() for c in (columns.min() + 6, columns.max() - 6)]
    assert abs(top["level"][0] - top["level"][1]) < 8
    assert top["tilted"][0] - top["tilted"][1] > 12


@BOTH
def test_marks_keep_their_colours(quality):
    marks = [(Surface.WHITE_MARK, 4, -2, 8, -1), (Surface.YELLOW_MARK, 4, 1, 8, 2)]
    for scene in (town(marks=marks), town(strips=[strip(Surface.ASPHALT, -90, -90, 90, 90), *(strip(*m) for m in marks)])):
        image = render((6, 0, 5, -90, 0, 0), scene, quality) if not scene.ground.strips or quality == "high" else None
        if image is None:
            continue  # low quality reads labels
        white, yellow, road = image[120, 160 - 48], image[120, 160 + 48], image[120, 160]
        assert white[:3].min() > 190
        assert yellow[2] > 190
        assert yellow[0] < 110
        assert road[:3].max() < 170
        assert np.ptp(road[:3]) < 40


@BOTH
def test_fog_grows_with_distance(quality):
    rows = [Building(x, y, 0, 1, 2, 8, (20, 20, 200)) for x, y in ((15, -6), (60, 10))]
    image = render((0, 0, 2, 0, 0, 0), town(buildings=rows), quality, fog_density=50.0, cloudiness=80.0)
    near, far = (image[int(v), int(u)] for u, v in (project((x - 1, y, 2.6), (0, 0, 2, 0, 0, 0), WIDTH, HEIGHT, FOV)
                                                      for x, y in ((15, -6), (60, 10))))  # fmt: skip
    assert near[2] - near[1] > 3 * max(1, far[2] - far[1])
    assert brightness(far) > brightness(near) + 20


@BOTH
def test_night_is_dark_and_a_wet_road_darker_than_a_dry_one(quality):
    down = (0, 0, 10, -90, 0, 0)
    noon, night = (render(down, town(), quality, sun_altitude_angle=altitude) for altitude in (60.0, -30.0))
    wet = render(down, town(), quality, wetness=100.0)
    assert brightness(night) < 0.6 * brightness(noon)
    assert brightness(wet) < 0.9 * brightness(noon)


@BOTH
def test_equal_calls_give_equal_bytes(quality):
    fleet = cars((10, 1, 5, {"lights": 2}))
    storm = {"precipitation": 80.0, "wetness": 80.0, "sun_altitude_angle": -20.0}
    a, b = (render((0, 0, 2, -5, 0, 0), town(), quality, fleet, **storm) for _ in range(2))
    assert np.array_equal(a, b)
    assert (a[..., 3] == 255).all()


SCRIPT = """
import hashlib, sys
from av_td3.simulator.builtin.images.camera import Camera
from tests.simulator.builtin.scenes import *
from av_td3.simulator.builtin.town import Building, Lamp, Tree
scene = town(buildings=[Building(20, 8, 10, 6, 4, 9, (90, 120, 160))], trees=[Tree(15, -6, 7, 2)], lamps=[Lamp(9, 5, -90, 6)],
             marks=[(6, 0, -0.1, 50, 0.1)])
for quality in ("low", "high"):
    camera = Camera(160, 120, 90.0, quality)
    for record in (weather(), weather(precipitation=80.0, wetness=90.0, sun_altitude_angle=-20.0)):
        image = camera.render([0, 0, 2, -5, 3, 1], scene, cars((12, 1, 5, {"lights": 10})), record, 7, -1)
        print(hashlib.sha256(image.tobytes()).hexdigest())
"""


def test_two_processes_render_equal_bytes():
    outputs = [
        subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=True).stdout
        for _ in range(2)
    ]
    assert outputs[0] == outputs[1]
    assert len(set(outputs[0].split())) == 4


def test_an_image_does_not_depend_on_what_was_rendered_before():
    scene = town(strips=[strip(Surface.ASPHALT, -90, -3, 90, 3), strip(Surface.WHITE_MARK, -90, -0.1, 90, 0.1)])
    camera = Camera(160, 120, 90.0, "high")
    fresh = camera.render([0, 0, 2, -5, 0, 0], scene, NO_CARS, weather(), 1, -1)
    for x in range(-80, 80, 10):
        camera.render([x, 0, 2, -20, 90, 0], scene, NO_CARS, weather(), 1, -1)
    assert np.array_equal(fresh, camera.render([0, 0, 2, -5, 0, 0], scene, NO_CARS, weather(), 1, -1))


# -- slopes ------------------------------------------------------------------------------------------------------------


@BOTH
def test_a_mark_on_a_hill_appears_at_its_height(quality):
    scene = town(marks=[(Surface.YELLOW_MARK, 29.5, -0.5, 30.5, 0.5)], relief=slope(0.05))
    pose = (0, 0, 2, 0, 0, 0)
    image = render(pose, scene, quality, size=(640, 480))
    column, row = project((29.95, -0.05, 0.05 * 29.95), pose, 640, 480, FOV)
    assert where(is_yellow(image)) == pytest.approx((column, row), abs=1.0)


@BOTH
def test_a_hill_hides_what_is_behind_it(quality):
    house = Building(90, 0, 0, 2, 6, 2.5, (20, 20, 220))
    ridge = slope(0.05)
    ridge[:, 81:] = 0.0  # down again behind x = 60
    pose = (0, 0, 1.5, 0, 0, 0)
    assert not is_red(render(pose, town(buildings=[house], relief=ridge), quality)).any()
    assert is_red(render(pose, town(buildings=[house]), quality)).any()


@BOTH
def test_a_level_relief_changes_nothing_but_rounding(quality):
    scene = {"buildings": [Building(20, 6, 0, 4, 3, 8, (90, 120, 160))], "marks": [(Surface.WHITE_MARK, 0, -0.1, 60, 0.1)]}
    level, relief = (render((0, 0, 2, -5, 0, 0), town(**scene, relief=r), quality) for r in (None, slope(0.0)))
    assert (np.abs(level - relief).max(axis=-1) > 12).mean() < 0.01


# -- high quality ------------------------------------------------------------------------------------------------------


def test_lamps_and_headlights_light_the_road_at_night():
    down, night = (12, 0, 14, -90, 0, 0), {"sun_altitude_angle": -40.0}
    dark = render(down, town(), "high", cars((0, 0, 0, {})), **night)
    beams = render(down, town(), "high", cars((0, 0, 0, {"lights": 2})), **night)
    lamp = render(down, town(lamps=[Lamp(12, 3, -90, 6)]), "high", **night)
    assert brightness(beams) > 1.6 * brightness(dark)
    assert brightness(lamp) > 1.6 * brightness(dark)
    behind = (-14, 0, 9, -90, 0, 0)
    assert brightness(render(behind, town(), "high", cars((0, 0, 0, {"lights": 2})), **night)) < 1.2 * brightness(dark)
    by_day = [render(down, town(lamps=lamps), "high") for lamps in ((), [Lamp(12, 3, -90, 6)])]
    assert brightness(by_day[0]) == pytest.approx(brightness(by_day[1]), rel=0.02)


@pytest.mark.parametrize(("bit", "channel"), [(8, 2), (16, 2), (32, 2), (64, 1)], ids=["brake", "right", "left", "reverse"])
def test_lights_at_the_rear_can_be_told_apart(bit, channel):
    pose = (-6, 0, 1.2, -5, 0, 0)
    off, on = (render(pose, town(), "high", cars((0, 0, 0, {"lights": v})), sun_altitude_angle=-20.0) for v in (0, bit))
    brighter = (on - off)[..., channel] > 60
    assert brighter.sum() > 20
    column, _ = where(brighter)
    side = {16: 1, 32: -1}.get(bit, 0)
    assert np.sign(round((column - (WIDTH - 1) / 2) / 10)) == side


def test_front_wheels_steer():
    pose = (7, 1.8, 0.8, -5, 190, 0)
    straight, turned = (render(pose, town(), "high", cars((0, 0, 0, {"steer": v}))) for v in (0.0, 0.5))
    assert (np.abs(straight - turned).max(axis=-1) > 30).sum() > 50


@pytest.mark.parametrize("azimuth", [0.0, 90.0, 215.0])
def test_shadows_point_away_from_the_sun(azimuth):
    house, down = Building(0, 0, 0, 2, 2, 6, (90, 120, 160)), (0, 0, 40, -90, 0, 0)
    shadows = render(
        down, town(Surface.SIDEWALK, buildings=[house]), "high", sun_azimuth_angle=azimuth, sun_altitude_angle=45.0
    )
    scene = render(down, town(Surface.SIDEWALK), "high", sun_azimuth_angle=azimuth, sun_altitude_angle=45.0)
    rotation = np.array(rotation_matrix(*down[3:]))
    dark = shadows[..., :3].sum(axis=-1) < 0.75 * scene[..., :3].sum(axis=-1)
    rows, columns = np.nonzero(dark)
    right, up = columns.mean() - (WIDTH - 1) / 2, (HEIGHT - 1) / 2 - rows.mean()
    x, y = rotation[:2, 1] * right + rotation[:2, 2] * up
    assert math.hypot(x, y) > 3.0
    off = (math.degrees(math.atan2(y, x)) - azimuth - 180.0 + 180.0) % 360.0 - 180.0
    assert abs(off) < 12.0


def test_a_car_and_a_tree_throw_shadows_and_a_cloudy_sky_leaves_the_one_below_a_car():
    pose = (0, 0, 15, -90, 0, 0)
    for scene, fleet, at in (
        (town(), cars((0, 0, 0, {})), (0.0, -1.4)),
        (town(trees=[Tree(0, 0, 6, 1.5)]), NO_CARS, (0.0, -4.5)),
    ):
        sun = {"sun_azimuth_angle": 90.0, "sun_altitude_angle": 45.0}
        lit, shaded = render(pose, town(), "high", **sun), render(pose, scene, "high", fleet, **sun)
        column, row = (int(v + 0.5) for v in project((*at, 0.0), pose, WIDTH, HEIGHT, FOV))
        assert brightness(shaded[row - 1 : row + 2, column - 1 : column + 2]) < 0.8 * brightness(
            lit[row - 1 : row + 2, column - 1 : column + 2]
        )
    side = (0, -6, 2.0, -15, 90, 0)
    with_car, without = (render(side, town(), "high", fleet, cloudiness=100.0) for fleet in (cars((0, 0, 0, {})), NO_CARS))
    column, row = (int(v + 0.5) for v in project((0.0, -1.0, 0.0), side, WIDTH, HEIGHT, FOV))
    assert brightness(with_car[row : row + 2, column]) < 0.9 * brightness(without[row : row + 2, column])


def test_rain_changes_with_the_frame():
    first, again, second = (render((0, 0, 2, 0, 0, 0), town(), "high", frame=f, precipitation=80.0) for f in (1, 1, 2))
    assert np.array_equal(first, again)
    assert (first != second).any(axis=-1).mean() > 0.02
    dry = [render((0, 0, 2, 0, 0, 0), town(), "high", frame=f) for f in (1, 2)]
    assert np.array_equal(*dry)


def test_a_wet_road_mirrors_what_stands_on_it():
    pose, house = (0, 0, 1.6, 0, 0, 0), Building(30, 0, 0, 2, 6, 10, (20, 20, 220))
    wet = {"wetness": 100.0, "precipitation_deposits": 100.0, "sun_azimuth_angle": 180.0, "cloudiness": 60.0}
    column, row = project((28, 0, 0), pose, WIDTH, HEIGHT, FOV)
    spot = slice(int(row) + 3, int(row) + 14), slice(int(column) - 8, int(column) + 8)
    redness = [
        (image[spot][..., 2] - image[spot][..., 1]).mean()
        for image in (render(pose, town(buildings=[house]), "high", **w) for w in (wet, {"sun_azimuth_angle": 180.0}))
    ]
    assert redness[0] > redness[1] + 5.0


def test_strips_are_sharper_than_labels():
    """The edge of a mark at an angle, seen from near: from strips it is straight, from labels a staircase."""
    outline = np.array([(2, -1.0), (8, 0.5), (8, 0.65), (2, -0.85)], np.float32)
    scene = town(Surface.GRASS, strips=[strip(Surface.ASPHALT, -90, -90, 90, 90), Strip(Surface.WHITE_MARK, outline)])
    pose = (5, -0.2, 1.2, -90, 0, 0)
    image = render(pose, scene, "high", size=(640, 480))
    white = image[..., :3].min(axis=-1) > 165
    rows = np.arange(60, 420)
    lefts = np.array([np.nonzero(white[r])[0].min() for r in rows])
    straight = np.polyval(np.polyfit(rows, lefts, 1), rows)
    assert np.abs(lefts - straight).max() < 4.0  # a label is 27 pixels wide
    right = np.array([np.nonzero(white[r])[0].max() for r in rows])
    assert np.median(right - lefts) * 1.2 * 2 / 640 == pytest.approx(0.15 * math.hypot(6, 1.5) / 6, abs=0.04)


def test_windows_are_lit_at_night():
    scene = town(buildings=[Building(14, 0, 0, 3, 9, 12, (120, 120, 120))])
    night = render((0, 0, 2, 10, 0, 0), scene, "high", sun_altitude_angle=-40.0)
    lit = (night[..., 2] > 120) & (night[..., 2] > night[..., 0] + 40)
    assert lit.sum() > 200
