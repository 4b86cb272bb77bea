"""Buildings and street lamps as polygons."""

import math

from av_td3.simulator.builtin.images.mesh import Material, Mesh
from av_td3.simulator.builtin.images.noise import chance
from av_td3.simulator.builtin.town import Building, Lamp

GABLED = 9.5  # m of height up to which houses have gables
ROOF_COLORS = ((58, 66, 112), (62, 72, 128), (70, 72, 78), (54, 56, 62), (66, 84, 120))  # blue, green, red
FLAT_ROOF, EAVES = (112, 114, 116), 0.35
POLE, HEAD = (62, 64, 62), (205, 225, 235)
ARM = 1.6  # m


def add_building(mesh: Mesh, building: Building, base: float, sink: float, seed: int) -> None:
    """Add walls and roof; ``base`` is the height of the ground, and ``sink`` how far the walls reach into it (m)."""
    c, s = math.cos(math.radians(building.yaw)), math.sin(math.radians(building.yaw))
    length, width = building.half_length, building.half_width

    def at(along: float, across: float, up: float) -> tuple[float, float, float]:
        return building.x + c * along - s * across, building.y + s * along + c * across, base + up

    grey = sum(building.color) / 3.0
    facade = [channel + (grey - channel) * 0.3 + 18.0 for channel in building.color]  # plaster
    gabled = building.height <= GABLED
    rise = min(2.6, 0.62 * width, 0.4 * building.height) if gabled else 0.0
    eaves = building.height - rise
    inside = at(0.0, 0.0, eaves / 2.0)
    corners = ((-length, -width), (length, -width), (length, width), (-length, width))
    for n, (a, b) in enumerate(zip(corners, corners[1:] + corners[:1], strict=True)):
        wall = [at(*a, -sink), at(*b, -sink), at(*b, eaves), at(*a, eaves)]
        size = (2.0 * (width if n % 2 else length), eaves)
        mesh.add(wall, inside, Material.WALL, facade, size=size, base=base, seed=4 * seed + n)
    if not gabled:
        mesh.add([at(*corner, eaves) for corner in corners], inside, Material.GRAVEL, FLAT_ROOF, seed=seed)
        return
    color = ROOF_COLORS[int(chance(seed, 1, 8) * len(ROOF_COLORS))]
    for end in (-length, length):
        gable = [at(end, -width, eaves), at(end, width, eaves), at(end, 0.0, building.height)]
        mesh.add(gable, inside, Material.MATT, facade)
    slope = rise / width
    for side in (-1.0, 1.0):
        low, reach = eaves - EAVES * slope, side * (width + EAVES)
        ends = length + EAVES
        roof = [at(-ends, reach, low), at(ends, reach, low), at(ends, 0.0, building.height), at(-ends, 0.0, building.height)]
        mesh.add(roof, inside, Material.TILES, color, base=base, seed=seed)
        mesh.add(roof, at(0.0, 2.0 * reach, building.height + 9.0), Material.MATT, (60, 66, 72))  # seen from below


def add_lamp(mesh: Mesh, lamp: Lamp, base: float) -> None:
    """Add a pole, its arm and its head; ``base`` is the height of the ground (m)."""
    c, s = math.cos(math.radians(lamp.yaw)), math.sin(math.radians(lamp.yaw))

    def bar(start: float, end: float, low: float, high: float, half: float, color: tuple[int, int, int], glow: float) -> None:
        middle = (lamp.x + c * (start + end) / 2.0, lamp.y + s * (start + end) / 2.0, base + (low + high) / 2.0)
        ends = ((start, -half), (end, -half), (end, half), (start, half))
        flat = [(lamp.x + c * a - s * b, lamp.y + s * a + c * b) for a, b in ends]
        for n in range(4):
            p, q = flat[n], flat[(n + 1) % 4]
            side = [(*p, base + low), (*q, base + low), (*q, base + high), (*p, base + high)]
            mesh.add(side, middle, Material.MATT, color)
        for height, light in ((low, glow), (high, 0.0)):
            mesh.add(
                [(*p, base + height) for p in flat], middle, Material.MATT, HEAD if light else color, glow=light, nightly=True
            )

    top = lamp.height
    bar(-0.07, 0.07, 0.0, top, 0.07, POLE, 0.0)
    bar(0.0, ARM, top - 0.1, top, 0.04, POLE, 0.0)
    bar(ARM - 0.3, ARM + 0.35, top - 0.2, top - 0.06, 0.13, POLE, 1.0)


def lamp_light(lamp: Lamp, base: float) -> tuple[float, float, float]:
    """Where its light comes from (m)."""
    c, s = math.cos(math.radians(lamp.yaw)), math.sin(math.radians(lamp.yaw))
    return lamp.x + c * ARM, lamp.y + s * ARM, base + lamp.height - 0.22
