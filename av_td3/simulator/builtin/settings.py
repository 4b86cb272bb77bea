"""The episode settings: synchronous or real-time mode, and the time step."""

import math
from dataclasses import dataclass, field
from typing import Annotated, Any

from av_td3.simulator.builtin.arguments import flag, integer, number, optional, record

REAL_TIME_DELTA = 0.05  # s, the step where the settings fix none
MIN_DELTA, MAX_DELTA = 1e-4, 10.0  # s, shortest and longest step of a tick or of physics
MAX_SUBSTEPS = 100
MAX_PHYSICS_STEP = 0.2  # s, above which the equations of a car are no longer stable

_step = number(MIN_DELTA, MAX_DELTA)


def _fixed_delta(value: object) -> float:
    """A step in seconds, or 0 for no fixed step."""
    return 0.0 if value == 0 and not isinstance(value, bool) else float(_step(value))


SettingsRecord = Annotated[
    list[Any],
    record(
        synchronous_mode=flag,
        no_rendering_mode=flag,
        fixed_delta_seconds=optional(_fixed_delta),
        substepping=flag,
        max_substep_delta_time=_step,
        max_substeps=integer(1, MAX_SUBSTEPS),
        max_culling_distance=number(),
        deterministic_ragdolls=flag,
        tile_stream_distance=number(),
        actor_active_distance=number(),
        spectator_as_ego=flag,
    ),
]


@dataclass
class Settings:
    """The settings in the order of the wire; the fixed step is a number of seconds or None."""

    record: list[Any] = field(default_factory=lambda: [False, False, None, True, 0.02, 10, 0.0, False, 3000.0, 2000.0, True])

    @property
    def wire(self) -> list[Any]:
        """The settings as encoded on the wire."""
        fixed = self.record[2]
        return [*self.record[:2], [False] if fixed is None else [True, fixed], *self.record[3:]]

    @property
    def synchronous(self) -> bool:
        """Whether the world only advances at a client's tick."""
        return bool(self.record[0])

    @property
    def rendering(self) -> bool:
        """Whether cameras render images."""
        return not self.record[1]

    @property
    def delta(self) -> float:
        """Seconds of simulation per tick."""
        return self.record[2] or REAL_TIME_DELTA

    def substeps(self) -> tuple[int, float]:
        """Number of physics steps per tick and their length in seconds; more steps than configured where stability needs it."""
        substepping, max_step, max_count = self.record[3:6]
        count = max(1, min(max_count, math.ceil(self.delta / max_step - 1e-9))) if substepping else 1
        count = max(count, math.ceil(self.delta / MAX_PHYSICS_STEP - 1e-9))
        return count, self.delta / count

    def reset(self) -> None:
        """Return to real time, rendering and no fixed step, as after loading a map."""
        self.record[:3] = [False, False, None]
