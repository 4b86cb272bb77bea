"""The blueprint library: vehicle models, sensors, and their attributes."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from av_td3.simulator.builtin.vehicles.vehicle import VEHICLES

# Attribute types as they travel on the wire; values always travel as strings.
BOOL, INT, FLOAT, STRING, COLOR = 1, 2, 3, 4, 5

CAR_TAG, STATIC_TAG = 14, 20  # CARLA's semantic tags

MAX_NUMBER = 1e9  # in an attribute

Attribute = list[object]  # [id, type, default, recommended values, modifiable, restricted to recommended]
Definition = list[Any]  # [uid, id, tags, attributes]


@dataclass(frozen=True)
class Sensor:
    """A sensor blueprint: its number among the client's sensor types, and whether the server streams its data."""

    name: str
    type_number: int
    streams: bool = True


SENSOR_BLUEPRINTS = {
    "sensor.camera.rgb": Sensor("rgb", 13),
    "sensor.other.collision": Sensor("collision", 0),
    "sensor.other.imu": Sensor("imu", 5),
    "sensor.other.gnss": Sensor("gnss", 4),
    # The client computes lane invasions itself from the map and the snapshots.
    "sensor.other.lane_invasion": Sensor("lane_invasion", 6, streams=False),
}


def _attribute(name: str, kind: int, default: object, recommended: tuple[str, ...] = (), modifiable: bool = True) -> Attribute:
    return [name, kind, str(default), list(recommended), modifiable, False]


PAINTS = ("17,37,103", "180,44,44", "200,200,200", "30,30,30", "140,120,20")  # red, green, blue


def _vehicle_attributes(paint: str) -> list[Attribute]:
    return [
        _attribute("role_name", STRING, "autopilot", ("autopilot", "scenario", "ego_vehicle", "hero")),
        _attribute("color", COLOR, paint, PAINTS),
        _attribute("sticky_control", BOOL, "true"),
        _attribute("object_type", STRING, "", modifiable=False),
        _attribute("base_type", STRING, "car", modifiable=False),
        _attribute("special_type", STRING, "", modifiable=False),
        _attribute("generation", INT, 2, modifiable=False),
        _attribute("number_of_wheels", INT, 4, modifiable=False),
        _attribute("has_lights", BOOL, "true", modifiable=False),
        _attribute("has_dynamic_doors", BOOL, "false", modifiable=False),
    ]


_LENS = {  # CARLA's defaults; all but lens_* without effect on the image
    "lens_circle_falloff": 5.0,
    "lens_circle_multiplier": 0.0,
    "lens_k": -1.0,
    "lens_kcube": 0.0,
    "lens_x_size": 0.08,
    "lens_y_size": 0.08,
    "exposure_compensation": -2.2,
    "shutter_speed": 200.0,
    "iso": 200.0,
    "fstop": 8.0,
    "gamma": 2.2,
    "motion_blur_intensity": 0.45,
    "motion_blur_max_distortion": 0.35,
    "motion_blur_min_object_screen_size": 0.1,
    "lens_flare_intensity": 0.1,
    "bloom_intensity": 0.675,
    "exposure_min_bright": 0.1,
    "exposure_max_bright": 2.0,
    "exposure_speed_up": 3.0,
    "exposure_speed_down": 1.0,
    "calibration_constant": 16.0,
    "focal_distance": 1000.0,
    "min_fstop": 1.2,
    "blur_amount": 1.0,
    "blur_radius": 0.0,
    "slope": 0.88,
    "toe": 0.55,
    "shoulder": 0.26,
    "black_clip": 0.0,
    "white_clip": 0.04,
    "temp": 6500.0,
    "tint": 0.0,
    "chromatic_aberration_intensity": 0.0,
    "chromatic_aberration_offset": 0.0,
}


def _sensor_attributes(name: str) -> list[Attribute]:
    out = [_attribute("role_name", STRING, "front")]
    if name in ("rgb", "imu", "gnss"):  # the others report events as they happen
        out.append(_attribute("sensor_tick", FLOAT, "0.0"))
    if name == "rgb":
        out += [
            _attribute("image_size_x", INT, 800),
            _attribute("image_size_y", INT, 600),
            _attribute("fov", FLOAT, "90.0"),
            [*_attribute("exposure_mode", STRING, "manual", ("manual", "histogram"))[:5], True],
            _attribute("enable_postprocess_effects", BOOL, "true"),
            _attribute("blade_count", INT, 5),
        ]
        out += [_attribute(key, FLOAT, default) for key, default in _LENS.items()]
    return out


def _definitions() -> list[Definition]:
    entries = [(name, _vehicle_attributes(paint)) for name, paint in zip(VEHICLES, cycle(PAINTS), strict=False)]
    entries += [(name, _sensor_attributes(sensor.name)) for name, sensor in SENSOR_BLUEPRINTS.items()]
    return [[uid, name, ",".join(name.split(".")), attributes] for uid, (name, attributes) in enumerate(entries, 1)]


DEFINITIONS = _definitions()
_TYPES = {definition[1]: {a[0]: a[1] for a in definition[3]} for definition in DEFINITIONS}


def read_bool(value: str) -> bool:
    """Read a boolean, also in the form of ``str(False)``. Raises KeyError."""
    return {"true": True, "1": True, "false": False, "0": False}[value.lower()]


def read_color(value: str) -> tuple[int, int, int]:
    """Read ``red,green,blue``, each 0 to 255. Raises ValueError."""
    red, green, blue = (int(v) for v in value.split(","))
    if not all(0 <= v <= 255 for v in (red, green, blue)):
        raise ValueError
    return red, green, blue


def _read_float(value: str) -> None:
    if not abs(float(value)) <= MAX_NUMBER:  # NaN included
        raise ValueError


_READERS: dict[object, tuple[Callable[[str], object], str]] = {
    BOOL: (read_bool, "true or false"),
    INT: (int, "a whole number"),
    FLOAT: (_read_float, f"a number within +-{MAX_NUMBER:g}"),
    STRING: (str, "a string"),
    COLOR: (read_color, "red,green,blue, each from 0 to 255"),
}


def check_attributes(type_id: str, attributes: list[list[Any]]) -> None:
    """Raise ValueError for a value that is not of its attribute's type. Unknown attributes are not checked."""
    types = _TYPES[type_id]
    for name, _, value in attributes:
        reader, allowed = _READERS[types.get(name, STRING)]
        try:
            reader(value)
        except (ValueError, KeyError):
            raise ValueError(f"attribute {name} of {type_id} must be {allowed}, not {value[:50]!r}") from None
