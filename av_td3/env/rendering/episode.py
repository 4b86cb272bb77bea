"""Follows an episode while rendering is on, and draws a frame of it when one is asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from av_td3.config.render import Render
from av_td3.config.reward import RewardBreakdown
from av_td3.config.scenario import Ending
from av_td3.env.driving_state import DrivingState
from av_td3.env.other_vehicles import other_vehicles
from av_td3.env.rendering.camera import RenderCamera
from av_td3.env.rendering.frame import draw_frame
from av_td3.env.rendering.painting import Frame
from av_td3.env.rendering.scene import LaneMap, Scene

TRAIL_SPACING = 0.5  # m between its points


class EpisodeRenderer:
    """The rendered frames of a car's episodes.

    Args:
        render: the camera, and the size of a frame.
        timeout: seconds that an image of the camera is waited for.

    """

    def __init__(self, render: Render, timeout: float):
        self._render = render
        self._timeout = timeout
        self._camera: RenderCamera | None = None
        self._world: Any = None
        self._vehicle: Any = None
        self._map = ""
        self._lanes = LaneMap([])
        self._state: DrivingState | None = None

    def attach(self, world: Any, vehicle: Any, lanes: Sequence[NDArray[np.float64]]) -> None:
        """Put the camera on the car of a new episode. Its images arrive from the next tick on.

        Args:
            world: a ``carla.World``.
            vehicle: the car.
            lanes: centre lines of the map's lanes, each float64 (n, 2) in metres.

        """
        name = world.get_map().name
        if name != self._map:
            self._map, self._lanes = name, LaneMap(lanes)
        self._world, self._vehicle = world, vehicle
        self._camera = RenderCamera(world, vehicle, self._render, self._timeout)

    def clear(self) -> None:
        """Drop the images so far."""
        assert self._camera is not None
        self._camera.clear()

    def start(self, frame: int, state: DrivingState) -> None:
        """Show the first state of an episode.

        Args:
            frame: number of its tick.
            state: the car and its route.

        """
        self._take(frame, state)
        self._reward: float | None = None
        self._terms: Mapping[str, float] = {}
        self._ending_name: str | None = None
        self._ending: Ending | None = None
        self._step = 0
        self._trail = [(state.x, state.y, 0.0)]

    def update(self, frame: int, state: DrivingState, reward: RewardBreakdown, name: str | None, ending: Ending | None) -> None:
        """Show the state after a step.

        Args:
            frame: number of its tick.
            state: the car and its route.
            reward: of the step.
            name: of the ending with which the episode ends; None where it continues.
            ending: the same.

        """
        self._take(frame, state)
        self._reward, self._terms = reward.value, reward.terms
        self._ending_name, self._ending = name, ending
        self._step += 1
        x, y, _ = self._trail[-1]
        if np.hypot(state.x - x, state.y - y) >= TRAIL_SPACING:
            self._trail.append((state.x, state.y, reward.value))

    def _take(self, frame: int, state: DrivingState) -> None:
        assert self._camera is not None
        self._camera.take(frame)
        self._state = state

    @property
    def has_started(self) -> bool:
        """Whether there is a state to draw."""
        return self._state is not None

    def draw(self) -> Frame:
        """Draw the newest state.

        Returns:
            uint8 (height, width, 3), red, green, blue.

        """
        assert self._state is not None, "start comes before draw"
        return draw_frame(self._scene(self._state), self._render)

    def _scene(self, state: DrivingState) -> Scene:
        assert self._camera is not None
        extent = self._vehicle.bounding_box.extent
        ending = self._ending
        return Scene(
            image=self._camera.image(),
            lanes=self._lanes,
            route=state.route,
            travelled=state.place.travelled,
            trail=np.array([*self._trail, (state.x, state.y, self._reward or 0.0)]),
            pose=(state.x, state.y, state.yaw),
            half_size=(extent.x, extent.y),
            others=other_vehicles(self._world, self._vehicle),
            speed=state.speed,
            controls=state.controls,
            reward=self._reward,
            terms=self._terms,
            step=self._step,
            ending=self._ending_name,
            success=ending is not None and ending.completes_route,
            truncated=ending is not None and ending.truncates,
        )

    def stop(self) -> None:
        """Stop listening to the camera."""
        if self._camera is not None:
            self._camera.stop()

    def detach(self) -> None:
        """Remove the camera from the world; there is no frame until the next episode."""
        camera, self._camera, self._state = self._camera, None, None  # even if destroying it fails
        self._world = self._vehicle = None
        if camera is not None:
            camera.destroy()
