"""What can be spawned: vehicle models, sensors, and the attributes that scripts ask of them."""

from dataclasses import dataclass

from av_td3.simulator.builtin.vehicle import VehicleModel

# Attribute types as they travel on the wire; values always travel as strings.
BOOL, INT, FLOAT, STRING, COLOR = 1, 2, 3, 4, 5

CAR_TAG, STATIC_TAG = 14, 20  # CARLA's semantic tags

VEHICLES = {
    "vehicle.tesla.model3": VehicleModel(1847.0, 2.875, 2.35, 0.93, 0.72, 211e3, 9.8e3, 0.51),
    "vehicle.lincoln.mkz_2020": VehicleModel(1690.0, 2.850, 2.46, 0.93, 0.74, 183e3, 8.5e3, 0.65, front_share=0.58),
    "vehicle.audi.tt": VehicleModel(1335.0, 2.505, 2.09, 0.92, 0.68, 169e3, 8.0e3, 0.63, front_share=0.58),
    "vehicle.nissan.micra": VehicleModel(1000.0, 2.430, 1.86, 0.83, 0.77, 59e3, 4.6e3, 0.68, front_share=0.61),
}

Attribute = list[object]  # [id, type, default, recommended values, modifiable, restricted to recommended]
Definition = list[object]  # [uid, id, tags, attributes]


@dataclass(frozen=True)
class Sensor:
    """A sensor blueprint: its place in the client's list of sensor types, and whether the server sends its data."""

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


def _vehicle_attributes() -> list[Attribute]:
    return [
        _attribute("role_name", STRING, "autopilot", ("autopilot", "scenario", "ego_vehicle", "hero")),
        _attribute("color", COLOR, "17,37,103", ("17,37,103", "180,44,44", "200,200,200", "30,30,30", "140,120,20")),
        _attribute("sticky_control", BOOL, "true"),
        _attribute("object_type", STRING, "", modifiable=False),
        _attribute("base_type", STRING, "car", modifiable=False),
        _attribute("special_type", STRING, "", modifiable=False),
        _attribute("generation", INT, 2, modifiable=False),
        _attribute("number_of_wheels", INT, 4, modifiable=False),
        _attribute("has_lights", BOOL, "true", modifiable=False),
        _attribute("has_dynamic_doors", BOOL, "false", modifiable=False),
    ]


def _sensor_attributes(name: str) -> list[Attribute]:
    out = [_attribute("role_name", STRING, "front"), _attribute("sensor_tick", FLOAT, "0.0")]
    if name == "rgb":
        out += [
            _attribute("image_size_x", INT, 800),
            _attribute("image_size_y", INT, 600),
            _attribute("fov", FLOAT, "90.0"),
        ]
    return out


def _definitions() -> list[Definition]:
    entries = [(name, _vehicle_attributes()) for name in VEHICLES]
    entries += [(name, _sensor_attributes(sensor.name)) for name, sensor in SENSOR_BLUEPRINTS.items()]
    return [[uid, name, ",".join(name.split(".")), attributes] for uid, (name, attributes) in enumerate(entries, 1)]


DEFINITIONS = _definitions()
