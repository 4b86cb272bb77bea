"""The settings and the weather that a server had before the environment changed them."""

import json
from pathlib import Path
from typing import Any

import carla

SETTINGS = (
    "synchronous_mode", "no_rendering_mode", "fixed_delta_seconds", "substepping", "max_substep_delta_time", "max_substeps",
    "max_culling_distance", "deterministic_ragdolls", "tile_stream_distance", "actor_active_distance", "spectator_as_ego",
)  # fmt: skip
WEATHER = (
    "cloudiness", "precipitation", "precipitation_deposits", "wind_intensity", "sun_azimuth_angle", "sun_altitude_angle",
    "fog_density", "fog_distance", "fog_falloff", "wetness", "scattering_intensity", "mie_scattering_scale",
    "rayleigh_scattering_scale", "dust_storm",
)  # fmt: skip


class FoundWorld:
    """Remembers how a world was found, and restores it.

    It is also written to a file, for the case that this process is killed: a world that is found in synchronous mode was left
    so, and is described by the file of the process before.

    Args:
        world: a ``carla.World``.
        file: for this server on this machine.

    """

    def __init__(self, world: Any, file: Path):
        self._file = file
        found = {"settings": _read(world.get_settings(), SETTINGS), "weather": _read(world.get_weather(), WEATHER)}
        left = _load(file) if found["settings"]["synchronous_mode"] else None
        self._found = found if left is None else left
        file.write_text(json.dumps(self._found), encoding="utf-8")

    def restore(self, world: Any) -> None:
        """Give the world its settings and weather back."""
        settings, weather = world.get_settings(), carla.WeatherParameters()
        for name in SETTINGS:
            setattr(settings, name, self._found["settings"][name])
        for name in WEATHER:
            setattr(weather, name, self._found["weather"][name])
        world.set_weather(weather)
        world.apply_settings(settings)
        self._file.unlink(missing_ok=True)


def _read(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _load(file: Path) -> Any:
    """What the process before has found; None where it left nothing that can be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        complete = found["settings"].keys() == set(SETTINGS) and found["weather"].keys() == set(WEATHER)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return found if complete else None
