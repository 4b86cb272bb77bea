"""Ticks per second of the built-in simulator, through the real client, with and without camera and traffic.

    python bench/simulator.py

Values are medians over rounds that alternate within one run; the last column is relative to the bare tick.
"""

import argparse
import queue
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import carla
import numpy as np
from quick import NOTE, add_quick
from rich.console import Console
from rich.table import Table

from av_td3.config.composition import experiment
from av_td3.env.clock import Clock
from av_td3.env.traffic import Traffic
from av_td3.simulator.port_lease import lease_port

ROUNDS, TICKS, CARS, DELTA = 5, 300, 20, 0.1


class Bench:
    """A world with one car, with and without camera and traffic."""

    def __init__(self, port: int):
        self._client = carla.Client("127.0.0.1", port)
        self._client.set_timeout(10.0)
        self._clock = Clock(0.5)

    def rate(self, ticks: int, *, camera: bool, cars: int) -> float:
        """Ticks per second over ``ticks`` ticks in a reloaded world."""
        world = self._client.reload_world()
        settings = world.get_settings()
        settings.synchronous_mode, settings.fixed_delta_seconds = True, DELTA
        world.apply_settings(settings)
        library, points = world.get_blueprint_library(), world.get_map().get_spawn_points()
        car = world.spawn_actor(library.find("vehicle.tesla.model3"), points[0])
        images: queue.SimpleQueue[Any] = queue.SimpleQueue()
        sensor = self._camera(world, library, car, images) if camera else None
        traffic = Traffic(self._client, lease_port())
        self._clock.use(world, None)
        if cars:
            traffic.spawn(world, points, cars, points[0], np.random.default_rng(0))
            self._clock.use(world, traffic.port)
        self._clock.tick()
        if cars:
            traffic.start()
        began = time.perf_counter()
        for _ in range(ticks):
            car.apply_control(carla.VehicleControl(brake=1.0))
            frame = self._clock.tick()
            while camera and images.get(timeout=2.0).frame < frame:
                pass
        seconds = time.perf_counter() - began
        if sensor is not None:
            sensor.stop()
            sensor.destroy()
        traffic.stop()
        return ticks / seconds

    @staticmethod
    def _camera(world: Any, library: Any, car: Any, images: "queue.SimpleQueue[Any]") -> Any:
        blueprint = library.find("sensor.camera.rgb")
        blueprint.set_attribute("image_size_x", "84")
        blueprint.set_attribute("image_size_y", "84")
        mount = carla.Transform(carla.Location(x=1.5, z=1.6), carla.Rotation(pitch=-5))
        sensor = world.spawn_actor(blueprint, mount, attach_to=car)
        sensor.listen(images.put)
        return sensor

    def close(self) -> None:
        self._clock.close()


CASES = (
    ("tick alone", {"camera": False, "cars": 0}),
    ("84x84 camera", {"camera": True, "cars": 0}),
    (f"{CARS} cars", {"camera": False, "cars": CARS}),
    (f"84x84 camera, {CARS} cars", {"camera": True, "cars": CARS}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_quick(parser)
    quick = parser.parse_args().quick
    rounds, ticks = (1, 20) if quick else (ROUNDS, TICKS)
    config = experiment(["name=bench"])
    with TemporaryDirectory() as folder:
        server = config.simulator.server(Path(folder) / "simulator.log")
        bench = Bench(server.start().port)
        rates: dict[str, list[float]] = {name: [] for name, _ in CASES}
        for _ in range(rounds):
            for name, case in CASES:
                rates[name].append(bench.rate(ticks, **case))
        bench.close()
        server.stop()
    table = Table("case", "ticks/s, median", "lowest", "highest", "of the bare tick")
    bare = statistics.median(rates["tick alone"])
    for name, measured in rates.items():
        middle = statistics.median(measured)
        table.add_row(name, f"{middle:.0f}", f"{min(measured):.0f}", f"{max(measured):.0f}", f"{middle / bare:.2f}")
    console = Console()
    console.print(table)
    if quick:
        console.print(NOTE)


if __name__ == "__main__":
    main()
