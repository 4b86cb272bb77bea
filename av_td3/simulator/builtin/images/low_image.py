"""One image of the camera's low quality in one compiled call: calling into compiled code costs microseconds by itself."""

import math

import numpy as np
from numpy.typing import NDArray

from av_td3.simulator.builtin.axes import write_axes
from av_td3.simulator.builtin.compiled import compiled
from av_td3.simulator.builtin.images.low_ground import average, fill_level, fill_relief
from av_td3.simulator.builtin.images.low_scene import Depth, Floats, Packed, draw_boxes, draw_uprights
from av_td3.simulator.builtin.images.low_scenery import FOG_ENTRY, car_boxes
from av_td3.simulator.builtin.images.terrain import trace


@compiled
def draw_image(  # type: ignore[no-untyped-def]
    pose: Floats,
    cars,
    without: int,
    scenery,
    colors,
    lens: Floats,
    depth: Depth,
    traced: NDArray[np.float32],
    samples: Packed,
    image: Packed,
    scratch: Floats,
) -> None:
    """Draw boxes, crowns and poles with a depth buffer, then ground and sky where nothing is.

    Args:
        pose: of the camera, float64 (6,), m and degrees.
        cars: ``appearance.CAR``, ``(n,)``.
        without: the car that is not drawn, or -1.
        scenery: ``LowScenery.arrays``.
        colors: ``LowQuality.colors``.
        lens: as for ``draw_boxes``.
        depth: float32, one for each sample.
        traced: of ``terrain.new_traced``; used where the ground has a relief.
        samples: uint32, one or four for each pixel.
        image: uint32 (height, width), the result; not used where there is one sample for each pixel.
        scratch: of ``raster.new_scratch``.

    """
    buildings, uprights, labels, relief, bounds, origin = scenery
    building_colors, upright_colors, palette, sky, haze, glass, brightness = colors
    fog = palette[FOG_ENTRY]
    axes, boxes, box_colors = np.empty((3, 3)), np.empty((2 * len(cars), 12)), np.empty((2 * len(cars), 5), np.uint32)
    write_axes(math.radians(pose[3]), math.radians(pose[4]), math.radians(pose[5]), axes)
    eye, rays = pose[:3], np.empty((3, 3))
    focal, cu, cv = lens[0], lens[1], lens[2]
    for k in range(3):  # sample to ray, the ray in (forward, right, up) of the camera
        rays[k, 0], rays[k, 1] = axes[k, 1] / focal, -axes[k, 2] / focal
        rays[k, 2] = axes[k, 0] - axes[k, 1] * cu / focal + axes[k, 2] * cv / focal
    depth[:] = 0.0
    draw_boxes(buildings, building_colors, eye, axes, lens, haze, fog, depth, samples, scratch)
    draw_uprights(uprights, upright_colors, eye, axes, lens, haze, fog, depth, samples, scratch)
    count = car_boxes(cars, without, brightness, glass, boxes, box_colors)
    draw_boxes(boxes[:count], box_colors[:count], eye, axes, lens, haze, fog, depth, samples, scratch)
    place = eye - origin
    if relief.shape[0] > 1:
        trace(relief, bounds, place, rays, traced)
        fill_relief(labels, traced, palette, place, rays, haze, sky, depth, samples)
    else:
        fill_level(labels, palette, place, rays, haze, sky, depth, samples)
    if samples.shape[0] != image.shape[0]:
        average(samples, image)
