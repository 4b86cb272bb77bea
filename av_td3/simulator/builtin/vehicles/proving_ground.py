"""``python -m av_td3.simulator.builtin.vehicles.proving_ground`` measures the cars and prints them beside published figures.

The cars drive on an endless, level plain of dry asphalt, or of any other surface.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from av_td3.simulator.builtin.actors import VehicleActor
from av_td3.simulator.builtin.towns.ground import RELIEF_SPACING, RESOLUTION, Ground, Surface
from av_td3.simulator.builtin.vehicles.collisions import Obstacles
from av_td3.simulator.builtin.vehicles.contact_patch import friction
from av_td3.simulator.builtin.vehicles.fleet import Fleet
from av_td3.simulator.builtin.vehicles.vehicle import GRAVITY, VEHICLES, VehicleModel

DT = 0.02  # s
HALF_PLAIN = 10.0  # m of ground around the car, which is put back into the middle in every step
HUNDRED = 100.0 / 3.6  # m/s


class ProvingGround:
    """One car on a plain. Distances are from where it started.

    Args:
        model: of the car.
        speed: at which it starts, m/s.
        surface: of the plain.
        wetness: of the weather, 0 to 100.
        grade: rise of the plain along x, m per m.
        bank: rise of the plain along y, to the right of the car at its start, m per m.
        kerb: x at which a pavement begins, m; None without one.

    """

    def __init__(
        self,
        model: VehicleModel,
        speed: float = 0.0,
        surface: Surface = Surface.ASPHALT,
        wetness: float = 0.0,
        grade: float = 0.0,
        bank: float = 0.0,
        kerb: float | None = None,
    ):
        side = round(2.0 * HALF_PLAIN / RESOLUTION)
        labels = np.full((side, side), surface, np.uint8)
        points = np.arange(-HALF_PLAIN, HALF_PLAIN + RELIEF_SPACING, RELIEF_SPACING)
        relief = (grade * points[None, :] + bank * points[:, None]).astype(np.float32) if grade or bank else None
        ground = Ground(labels, -HALF_PLAIN, -HALF_PLAIN, relief=relief)
        self._labels, self._surface, self._kerb = labels, surface, kerb
        self._fleet = Fleet(ground, Obstacles.of([]), speed_limit=0.0)
        self.car = VehicleActor(1, "vehicle", [0, "vehicle", []], model, self._fleet)
        self.car.pose = [0.0] * 6
        self.car.velocity = [speed, 0.0, 0.0]
        self.x = self.y = self.seconds = 0.0
        self._friction = friction(wetness)

    @property
    def speed(self) -> float:
        """M/s along the car."""
        return float(self.car.body["forward"])

    def control(self, throttle: float = 0.0, steer: float = 0.0, brake: float = 0.0, hand_brake: bool = False) -> None:
        """Set the pedals and the steering, as ``VehicleActor.apply_control`` does."""
        self.car.apply_control(throttle, steer, brake, hand_brake, False, False, 0)

    def step(self) -> None:
        """Advance by ``DT``."""
        if self._kerb is not None:
            edge = round(max(0.0, min(2.0 * HALF_PLAIN, self._kerb - self.x + HALF_PLAIN)) / RESOLUTION)
            self._labels[:, :edge], self._labels[:, edge:] = self._surface, Surface.SIDEWALK
        self.car.body["sticky"] = True
        self._fleet.advance(self._friction, DT, 1)
        position = self.car.body["position"]
        self.x, self.y, self.seconds = self.x + float(position[0]), self.y + float(position[1]), self.seconds + DT
        position[:2] = 0.0
        if self._kerb is None:
            position[2] = 0.0  # the slope stays the same: only the rise of this step counts

    def steps(self, until: Callable[[], bool], seconds: float = 60.0) -> Iterator[None]:
        """Steps until a condition holds, at most so many seconds."""
        end = self.seconds + seconds
        while not until() and self.seconds < end:
            self.step()
            yield


def seconds_to(model: VehicleModel, speed: float) -> float:
    """Seconds from rest to a speed (m/s) at full throttle."""
    ground = ProvingGround(model)
    ground.control(throttle=1.0)
    for _ in ground.steps(lambda: ground.speed >= speed):
        pass
    return ground.seconds


def braking_distance(model: VehicleModel, wetness: float = 0.0) -> float:
    """Metres from 100 km/h to rest at full brake."""
    ground = ProvingGround(model, HUNDRED, wetness=wetness)
    ground.control(brake=1.0)
    for _ in ground.steps(lambda: ground.speed == 0.0):
        pass
    return ground.x


def top_speed(model: VehicleModel) -> float:
    """Km/h after three minutes at full throttle, from 150 km/h on."""
    ground = ProvingGround(model, 150.0 / 3.6)
    ground.control(throttle=1.0)
    for _ in ground.steps(lambda: False, 180.0):
        pass
    return ground.speed * 3.6


def turning_circle(model: VehicleModel) -> float:
    """Metres across the circle of the outer front wheel at walking pace and full lock."""
    ground = ProvingGround(model, 1.5)
    body, places = ground.car.body, []
    for _ in ground.steps(lambda: abs(float(body["yaw"])) > 2.0 * math.pi):
        ground.control(throttle=0.2 if ground.speed < 1.5 else 0.0, steer=1.0)
        c, s = math.cos(body["yaw"]), math.sin(body["yaw"])
        places.append(ground.y + s * float(body["front_axle"]) - c * float(body["half_track"]))
    return max(places) - min(places)


def lateral_limit(model: VehicleModel) -> float:
    """Largest steady lateral acceleration, in g, on a circle that is entered at 80 km/h: the best of ten steering angles."""
    return max(_lateral_acceleration(model, steer) for steer in np.linspace(0.04, 0.4, 10))


def _lateral_acceleration(model: VehicleModel, steer: float) -> float:
    ground, courses = ProvingGround(model, 80.0 / 3.6), []
    for _ in ground.steps(lambda: False, 4.0):
        ground.control(throttle=0.3 if ground.speed < 80.0 / 3.6 else 0.0, steer=steer)
        vx, vy, _ = ground.car.velocity
        courses.append((math.atan2(vy, vx), math.hypot(vx, vy)))
    turns = [abs((b[0] - a[0] + math.pi) % (2.0 * math.pi) - math.pi) / DT * b[1] for a, b in itertools.pairwise(courses[100:])]
    return sum(turns) / len(turns) / GRAVITY


def creep(model: VehicleModel, throttle: float = 0.05) -> float:
    """Km/h after ten seconds at a little throttle, from rest."""
    ground = ProvingGround(model)
    ground.control(throttle=throttle)
    for _ in ground.steps(lambda: False, 10.0):
        pass
    return ground.speed * 3.6


@dataclass(frozen=True)
class Figure:
    """A published figure of a car: what is measured, the value, and where it is published."""

    car: str
    name: str
    published: float
    source: str


MEASURES: dict[str, Callable[[VehicleModel], float]] = {
    "0 to 100 km/h, s": lambda model: seconds_to(model, HUNDRED),
    "0 to 60 mph, s": lambda model: seconds_to(model, 60.0 * 1.609344 / 3.6),
    "100 km/h to 0, m": braking_distance,
    "turning circle, m": turning_circle,
    "top speed, km/h": top_speed,
    "lateral limit, g": lateral_limit,
}
FIGURES = tuple(
    Figure(f"vehicle.{car}", name, value, source)
    for car, rows in {
        "tesla.model3": (
            ("0 to 100 km/h, s", 4.4, "maker, Long Range 324 kW (evkx.net)"),
            ("0 to 60 mph, s", 4.0, "Motor Trend 2018 (insideevs.com)"),
            ("100 km/h to 0, m", 38.0, "magazines, 36 to 40"),
            ("turning circle, m", 11.8, "maker, 38.8 ft"),
            ("top speed, km/h", 233.0, "maker, 145 mph, until 2023"),
            ("lateral limit, g", 0.87, "magazines, 0.84 to 0.90"),
        ),
        "lincoln.mkz_2020": (
            ("0 to 60 mph, s", 7.4, "Car and Driver 2013, 2.0T all-wheel drive"),
            ("100 km/h to 0, m", 40.8, "Car and Driver 2013, hybrid: 170 ft from 70 mph"),
            ("turning circle, m", 11.5, "maker, of the Ford Fusion, its twin: 37.6 ft"),
            ("lateral limit, g", 0.85, "Car and Driver 2013, 3.7 all-wheel drive; hybrid 0.83"),
        ),
        "audi.tt": (
            ("0 to 100 km/h, s", 5.3, "maker, Coupe 2.0 TFSI quattro S tronic, 2014"),
            ("turning circle, m", 10.96, "maker"),
            ("top speed, km/h", 250.0, "maker, limited"),
        ),
        "nissan.micra": (
            ("0 to 100 km/h, s", 13.7, "maker, 1.2 (Auto Zeitung 2010)"),
            ("100 km/h to 0, m", 35.2, "Auto Zeitung 2010, cold brakes"),
            ("turning circle, m", 9.3, "maker"),
            ("top speed, km/h", 170.0, "maker (Auto Zeitung 2010)"),
        ),
    }.items()
    for name, value, source in rows
)


def main() -> None:
    """Print the table of ``docs/simulator.md``."""
    print("| car | figure | published | simulated | error | published by |\n|---|---|---|---|---|---|")
    for name, model in VEHICLES.items():
        known = {figure.name: figure for figure in FIGURES if figure.car == name}
        for figure, measure in MEASURES.items():
            value = measure(model)
            if figure in known:
                error = f"{100.0 * (value / known[figure].published - 1.0):+.1f} %"
                row = (f"{known[figure].published:g}", f"{value:.4g}", error, known[figure].source)
            else:
                row = ("not found", f"{value:.4g}", "", "")
            print(f"| {name.removeprefix('vehicle.')} | {figure} | {' | '.join(row)} |")
        print(f"| {name.removeprefix('vehicle.')} | km/h after 10 s at throttle 0.05 | | {creep(model):.2g} | | |")


if __name__ == "__main__":
    main()
