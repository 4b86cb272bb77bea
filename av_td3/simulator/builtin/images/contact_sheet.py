"""A sheet of what the camera shows: kinds of weather in rows, views and qualities in columns. Needs no server.

python -m av_td3.simulator.builtin.images.contact_sheet docs/images/simulator.jpg
"""

import argparse
import sys
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.geometry import Pose, attach
from av_td3.simulator.builtin.images.appearance import CAR
from av_td3.simulator.builtin.images.camera import Camera
from av_td3.simulator.builtin.images.car_shape import BRAKE, LEFT_BLINKER, LOW_BEAM, POSITION
from av_td3.simulator.builtin.town import Town, load_town

TOWN = "Suburb01"
CELL = (400, 300)  # pixels of an image on the sheet
FRAME = 84  # pixels along a side of a learner's frame
MARGIN, HEADER = 6, 26
PAINTS = ((44, 44, 180), (200, 200, 200), (103, 37, 17), (30, 30, 30), (20, 120, 140), (110, 90, 50))  # blue, green, red
HALF_SIZE, WHEELBASE = (2.35, 0.93, 0.72), 2.875  # m, of the Tesla Model 3
QUALITY = 82  # of the JPEG
TEXT = (40, 40, 40)


@dataclass(frozen=True)
class Weather:
    """A row of the sheet; the fields are those of CARLA's weather that differ from a clear day."""

    name: str
    cloudiness: float = 20.0
    precipitation: float = 0.0
    deposits: float = 0.0
    azimuth: float = 125.0
    altitude: float = 50.0
    fog: float = 2.0
    fog_distance: float = 0.75
    wetness: float = 0.0
    dust: float = 0.0

    @property
    def record(self) -> list[float]:
        """As ``Camera.render`` takes it."""
        first = [self.cloudiness, self.precipitation, self.deposits, 10.0, self.azimuth, self.altitude]
        return [*first, self.fog, self.fog_distance, 0.1, self.wetness, 1.0, 0.03, 0.0331, self.dust]


WEATHERS = (
    Weather("clear noon"),
    Weather("cloudy", cloudiness=85.0),
    Weather("wet", cloudiness=45.0, deposits=60.0, wetness=80.0, altitude=35.0),
    Weather("hard rain", cloudiness=95.0, precipitation=90.0, deposits=90.0, wetness=100.0, fog=10.0),
    Weather("fog", cloudiness=70.0, fog=60.0, fog_distance=0.0),
    Weather("sunset", cloudiness=25.0, azimuth=-12.0, altitude=5.0),
    Weather("night", cloudiness=10.0, altitude=-35.0),
    Weather("rain at night", cloudiness=90.0, precipitation=70.0, deposits=80.0, wetness=90.0, altitude=-35.0),
)


@dataclass(frozen=True)
class View:
    """A column of the sheet: where the camera's car stands, where on it the camera is, and whether it sees that car."""

    name: str
    spawn_point: int
    mount: tuple[float, float, float, float, float, float]
    mounted: bool
    quality: str = "high"
    size: tuple[int, int] = CELL


DRIVER = (1.5, 0.0, 1.6, -5.0, 0.0, 0.0)
VIEWS = (
    View("driver", 12, DRIVER, True),
    View("before a junction", 84, DRIVER, True),
    View("chase", 66, (-6.0, -1.2, 2.6, -11.0, 8.0, 0.0), False),
    View("from above", 84, (-14.0, 4.0, 26.0, -42.0, -12.0, 0.0), False),
    View("low quality", 12, DRIVER, True, "low"),
    View(f"{FRAME}x{FRAME}", 12, DRIVER, True, "low", (FRAME, FRAME)),
)


def place_cars(town: Town, first: int, night: bool) -> NDArray[np.void]:
    """Cars at a spawn point, on the lane beside it and ahead of it, ``CAR``."""
    out = np.zeros(5, CAR)
    for n, (car, offset) in enumerate(zip(out, (0, 2, 3, 5, 6), strict=True)):
        (x, y, _), (_, yaw, _) = town.spawn_points[(first + offset) % len(town.spawn_points)]
        car["pose"] = x, y, 0.0, 0.0, yaw, 0.0
        car["half_size"], car["wheelbase"], car["paint"] = HALF_SIZE, WHEELBASE, PAINTS[n]
        car["steer"] = 0.3 if n == 0 else 0.0
        car["lights"] = (LOW_BEAM | POSITION if night else 0) | (BRAKE if n == 1 else 0) | (LEFT_BLINKER if n == 0 else 0)
    return out


def render_view(town: Town, view: View, weather: Weather) -> NDArray[np.uint8]:
    """One image of the sheet, blue, green, red."""
    dark = weather.altitude < 0.0 or weather.precipitation > 0.0 or weather.fog > 30.0
    cars = place_cars(town, view.spawn_point, dark)
    pose: Pose = attach(cars["pose"][0].tolist(), list(view.mount))
    camera = Camera(*view.size, 90.0, view.quality)
    image = camera.render(pose, town, cars, weather.record, 1, 0 if view.mounted else -1)[..., :3]
    if view.size == CELL:
        return image
    return np.asarray(cv2.resize(image, (CELL[1], CELL[1]), interpolation=cv2.INTER_NEAREST), np.uint8)


def draw_sheet(town: Town) -> NDArray[np.uint8]:
    """The whole sheet, blue, green, red."""
    rows = []
    for weather in WEATHERS:
        images = [render_view(town, view, weather) for view in VIEWS]
        framed = [cv2.copyMakeBorder(image, HEADER, 0, 0, MARGIN, cv2.BORDER_CONSTANT, value=(255,) * 3) for image in images]
        for view, image in zip(VIEWS, framed, strict=True):
            cv2.putText(image, f"{weather.name}, {view.name}", (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, TEXT, 1, cv2.LINE_AA)
        rows.append(np.hstack(framed))
    return np.vstack(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", help="where to write the sheet, .jpg or .png")
    path = parser.parse_args().path
    written = path.endswith((".jpg", ".png")) and cv2.imwrite(
        path, draw_sheet(load_town(TOWN)), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    if not written:
        print(f"{path}: cannot be written; it must be a .jpg or .png in a folder that exists", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
