"""Ticks per second of the built-in simulator, through the real client: cameras, traffic, and the time until the first tick.

    python bench/simulator.py                      # --json FILE
    python bench/simulator.py --peers python       # also highway-env and MetaDrive, where that interpreter has them

Rounds alternate within one run; values are medians, and the last column is relative to the bare tick.
"""

import argparse
import json
import os
import queue
import statistics
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import carla
import numpy as np
from quick import NOTE, add_quick
from rich.console import Console
from rich.table import Table

from av_td3.config.composition import experiment
from av_td3.env.clock import Clock
from av_td3.env.traffic import Traffic
from av_td3.simulator.port_lease import lease_port

ROUNDS, TICKS, DELTA = 3, 300, 0.1


class Case(NamedTuple):
    """What a world has besides one car: the width and height of a camera, and cars of the Traffic Manager."""

    name: str
    camera: tuple[int, int] | None = None
    cars: int = 0
    quality: str = "low"


CASES = (
    Case("tick alone"),
    Case("84x84 camera", (84, 84)),
    Case("20 cars", cars=20),
    Case("84x84 camera, 20 cars", (84, 84), 20),
    Case("100 cars", cars=100),
    Case("800x600 camera", (800, 600)),
    Case("84x84 camera, high quality", (84, 84), quality="high"),
    Case("800x600 camera, high quality", (800, 600), quality="high"),
)


class Bench:
    """A world with one car, with and without camera and traffic."""

    def __init__(self, port: int):
        self._client = carla.Client("127.0.0.1", port)
        self._client.set_timeout(10.0)
        self._clock = Clock(0.5)

    def rate(self, ticks: int, case: Case) -> float:
        """Ticks per second over ``ticks`` ticks in a reloaded world."""
        world = self._client.reload_world()
        settings = world.get_settings()
        settings.synchronous_mode, settings.fixed_delta_seconds = True, DELTA
        world.apply_settings(settings)
        library, points = world.get_blueprint_library(), world.get_map().get_spawn_points()
        car = world.spawn_actor(library.find("vehicle.tesla.model3"), points[0])
        images: queue.SimpleQueue[Any] = queue.SimpleQueue()
        sensor = self._camera(world, library, car, images, *case.camera) if case.camera else None
        traffic = Traffic(self._client, lease_port())
        self._clock.use(world, None)
        if case.cars:
            traffic.spawn(world, points, case.cars, points[0], np.random.default_rng(0))
            self._clock.use(world, traffic.port)
        self._clock.tick()
        if case.cars:
            traffic.start()
        began = time.perf_counter()
        for _ in range(ticks):
            car.apply_control(carla.VehicleControl(brake=1.0))
            frame = self._clock.tick()
            while sensor is not None and images.get(timeout=2.0).frame < frame:
                pass
        seconds = time.perf_counter() - began
        if sensor is not None:
            sensor.stop()
            sensor.destroy()
        traffic.stop()
        return ticks / seconds

    @staticmethod
    def _camera(world: Any, library: Any, car: Any, images: "queue.SimpleQueue[Any]", width: int, height: int) -> Any:
        blueprint = library.find("sensor.camera.rgb")
        blueprint.set_attribute("image_size_x", str(width))
        blueprint.set_attribute("image_size_y", str(height))
        mount = carla.Transform(carla.Location(x=1.5, z=1.6), carla.Rotation(pitch=-5))
        sensor = world.spawn_actor(blueprint, mount, attach_to=car)
        sensor.listen(images.put)
        return sensor

    def close(self) -> None:
        self._clock.close()


def start(folder: Path, quality: str) -> Any:
    """Start a server."""
    server = experiment(["name=bench", f"simulator.quality={quality}"]).simulator.server(folder / "simulator.log")
    return server, server.start().port


def seconds_to_first_tick(folder: Path) -> float:
    """From the start of the server's process to the first tick of a client."""
    began = time.perf_counter()
    server, port = start(folder, "low")
    client = carla.Client("127.0.0.1", port)
    client.set_timeout(10.0)
    world = client.get_world()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, DELTA
    world.apply_settings(settings)
    world.tick()
    seconds = time.perf_counter() - began
    server.stop()
    return seconds


def measure(rounds: int, ticks: int, peers: str | None) -> dict[str, list[float]]:
    """All values of each case; the last, in seconds, are those until the first tick."""
    out: dict[str, list[float]] = defaultdict(list)
    with TemporaryDirectory() as folder:
        servers = {quality: start(Path(folder), quality) for quality in ("low", "high")}
        benches = {quality: Bench(port) for quality, (_, port) in servers.items()}
        for _ in range(rounds):
            for case in CASES:
                out[case.name].append(benches[case.quality].rate(ticks, case))
            if peers:
                command = [peers, "-c", "import peers; peers.main()"]
                found = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
                done = subprocess.run(command, capture_output=True, text=True, check=True, env=found)
                for name, rate in json.loads(done.stdout.splitlines()[-1]).items():
                    out[name].append(rate)
            out["s from start to first tick"].append(seconds_to_first_tick(Path(folder)))
        for quality, (server, _) in servers.items():
            benches[quality].close()
            server.stop()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_quick(parser)
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has highway-env and MetaDrive")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values")
    arguments = parser.parse_args()
    rounds, ticks = (1, 20) if arguments.quick else (ROUNDS, TICKS)
    measured = measure(rounds, ticks, arguments.peers)
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=1))
    table = Table("case", "ticks/s, median", "lowest", "highest", "of the bare tick")
    bare = statistics.median(measured["tick alone"])
    for name, values in measured.items():
        middle = statistics.median(values)
        digits, share = ("", f"{middle / bare:.3f}") if not name.startswith("s ") else (".2f", "")
        numbers = (f"{value:{digits or '.0f'}}" for value in (middle, min(values), max(values)))
        table.add_row(name, *numbers, share)
    console = Console()
    console.print(table)
    if arguments.quick:
        console.print(NOTE)


if __name__ == "__main__":
    main()
