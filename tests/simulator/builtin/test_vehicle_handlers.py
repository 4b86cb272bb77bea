"""What scripts do to cars: physics control, forces, Ackermann control, constant velocity, lights."""

import math

import carla
import pytest

CAR = "vehicle.tesla.model3"
DELTA = 0.05


@pytest.fixture(scope="module")
def client(shared_server):
    client = carla.Client("127.0.0.1", shared_server)
    client.set_timeout(10.0)
    return client


@pytest.fixture
def world(client):
    world = client.load_world("Suburb01")
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, DELTA
    world.apply_settings(settings)
    return world


@pytest.fixture
def car(world):
    """A car at the first spawn point: more than 50 m of straight road lie ahead, along x."""
    car = world.spawn_actor(world.get_blueprint_library().find(CAR), world.get_map().get_spawn_points()[0])
    world.tick()
    return car


def ticks(world, count):
    for _ in range(count):
        world.tick()


def test_physics_control_is_read_back_as_it_was_applied(world, car):
    control = car.get_physics_control()
    assert (control.mass, control.final_ratio, len(control.forward_gears), len(control.wheels)) == (1847.0, 9.0, 1, 4)
    assert control.drag_coefficient == pytest.approx(0.23)
    assert [wheel.max_steer_angle > 0.0 for wheel in control.wheels] == [True, True, False, False]
    control.mass, control.drag_coefficient, control.center_of_mass = 3000.0, 0.5, carla.Vector3D(0.1, 0.0, -0.1)
    control.torque_curve = [carla.Vector2D(0.0, 200.0), carla.Vector2D(9000.0, 100.0)]
    wheels = control.wheels
    for wheel in wheels:
        wheel.tire_friction = 1.5
    control.wheels = wheels
    car.apply_physics_control(control)
    world.tick()
    read = car.get_physics_control()
    assert (read.mass, read.drag_coefficient) == (3000.0, 0.5)
    assert (read.center_of_mass.x, read.center_of_mass.z) == pytest.approx((0.1, -0.1))
    assert [(point.x, point.y) for point in read.torque_curve] == [(0.0, 200.0), (9000.0, 100.0)]
    assert [wheel.tire_friction for wheel in read.wheels] == [1.5] * 4


def accelerated(world, car, seconds=1.0, **control):
    car.apply_control(carla.VehicleControl(**control))
    ticks(world, round(seconds / DELTA))
    return car.get_velocity().length()


@pytest.mark.parametrize(
    ("change", "share"),
    [
        ({"mass": 3694.0}, 0.5),
        ({"torque_curve": [carla.Vector2D(0.0, 246.5), carla.Vector2D(18000.0, 80.0)]}, 0.5),
        ({"final_ratio": 4.5}, 0.5),
    ],
)
def test_mass_torque_and_ratio_change_how_a_car_accelerates(world, car, change, share):
    before = accelerated(world, car, throttle=0.8)
    car.set_target_velocity(carla.Vector3D())
    control = car.get_physics_control()
    for name, value in change.items():
        setattr(control, name, value)
    car.apply_physics_control(control)
    world.tick()
    car.set_target_velocity(carla.Vector3D())
    assert accelerated(world, car, throttle=0.8) / before == pytest.approx(share, rel=0.1)


def test_tyre_friction_changes_how_a_car_brakes(world, car):
    def stopped(friction):
        control = car.get_physics_control()
        wheels = control.wheels
        for wheel in wheels:
            wheel.tire_friction = friction
        control.wheels = wheels
        car.apply_physics_control(control)
        car.set_target_velocity(carla.Vector3D(x=10.0))
        car.apply_control(carla.VehicleControl(brake=1.0))
        ticks(world, 10)
        return 10.0 - car.get_velocity().length()

    assert stopped(1.75) / stopped(3.5) == pytest.approx(0.5, rel=0.1)


def test_the_steering_limit_and_the_steering_curve_change_how_a_car_turns(world, car):
    def turned(**change):
        car.set_transform(world.get_map().get_spawn_points()[0])
        car.set_target_velocity(carla.Vector3D(x=5.0))
        control = car.get_physics_control()
        wheels = control.wheels
        for wheel in wheels[:2]:
            wheel.max_steer_angle = change.get("angle", 33.7)
        control.wheels = wheels
        control.steering_curve = [carla.Vector2D(0.0, 1.0), carla.Vector2D(20.0, change.get("at_20", 1.0))]
        car.apply_physics_control(control)
        car.apply_control(carla.VehicleControl(steer=-0.3, throttle=0.1))
        ticks(world, 6)
        return abs(car.get_angular_velocity().z)

    usual = turned()
    assert turned(angle=10.0) < 0.4 * usual
    assert turned(at_20=0.5) == pytest.approx(0.6 * usual, rel=0.15)  # at 18 km/h


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"mass": -1.0}, "control.mass must be a number from 1 to 1e+06, not -1.0"),
        ({"forward_gears": []}, "control.forward_gears must have 1 to 8 entries, not 0"),
        ({"torque_curve": [carla.Vector2D(5.0, 1.0), carla.Vector2D(4.0, 1.0)]}, "control.torque_curve must have ascending x"),
        ({"wheels": []}, "control.wheels must have 4 entries, not 0"),
    ],
)
def test_an_impossible_physics_control_changes_nothing_and_is_named_in_the_log(own_server, change, named):
    port, log = own_server
    client = carla.Client("127.0.0.1", port)
    client.set_timeout(10.0)
    world = client.get_world()
    car = world.spawn_actor(world.get_blueprint_library().find(CAR), world.get_map().get_spawn_points()[0])
    world.wait_for_tick()
    control = car.get_physics_control()
    for name, value in change.items():
        setattr(control, name, value)
    car.apply_physics_control(control)
    world.wait_for_tick()
    assert car.get_physics_control().mass == 1847.0
    assert f"apply_physics_control: {named}" in log.read_text()


def test_an_impulse_changes_the_velocity_at_once_and_a_force_during_one_tick(world, car):
    car.add_impulse(carla.Vector3D(x=1847.0 * 5.0))
    world.tick()
    assert car.get_velocity().x == pytest.approx(5.0, abs=0.05)
    car.set_target_velocity(carla.Vector3D(x=5.0))
    car.add_force(carla.Vector3D(x=1847.0 * 20.0))
    world.tick()
    assert car.get_velocity().x == pytest.approx(5.0 + 20.0 * DELTA, abs=0.05)
    world.tick()
    assert car.get_velocity().x == pytest.approx(5.0 + 20.0 * DELTA, abs=0.1)


def test_torque_and_angular_impulse_turn_a_car(world, car):
    car.set_target_velocity(carla.Vector3D(x=10.0))
    inertia = 1847.0 * 2.875**2 * 0.48 * 0.52
    car.add_angular_impulse(carla.Vector3D(z=math.degrees(inertia)))  # 1 rad/s, which the tyres oppose
    world.tick()
    assert 5.0 < car.get_angular_velocity().z < 57.0
    ticks(world, 20)
    car.add_torque(carla.Vector3D(z=math.degrees(inertia) * -20.0))
    world.tick()
    assert car.get_angular_velocity().z < -5.0


def test_ackermann_control_reaches_its_speed_and_its_angle(world, car):
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=6.0, steer=0.0, acceleration=3.0))
    ticks(world, 120)
    assert car.get_velocity().length() == pytest.approx(6.0, abs=0.6)
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=6.0, steer=-0.2))
    ticks(world, 4)
    assert car.get_wheel_steer_angle(carla.VehicleWheelLocation.FL_Wheel) == pytest.approx(-math.degrees(0.2), rel=0.1)
    assert car.get_angular_velocity().z < -5.0
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=0.0))
    ticks(world, 160)
    assert car.get_velocity().length() < 0.1
    assert car.get_control().brake == 1.0


def test_ackermann_control_drives_backwards_after_a_stop_and_ends_with_pedals(world, car):
    car.set_target_velocity(carla.Vector3D(x=3.0))
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=-2.0))
    ticks(world, 160)
    assert car.get_velocity().x == pytest.approx(-2.0, abs=0.5)
    car.apply_control(carla.VehicleControl(brake=1.0))
    ticks(world, 40)
    assert car.get_velocity().length() == 0.0


def test_ackermann_turns_the_wheels_no_faster_than_asked(world, car):
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=3.0, steer=0.4, steer_speed=0.2))
    ticks(world, 20)
    assert car.get_control().steer * math.radians(33.7) == pytest.approx(0.2, rel=0.1)


def test_ackermann_settings_are_read_back_and_have_an_effect(world, car):
    settings = car.get_ackermann_controller_settings()
    assert (settings.speed_kp, settings.accel_kp) == pytest.approx((0.15, 0.01))
    settings.speed_kp = settings.accel_kp = 0.0
    settings.speed_kd = settings.accel_kd = 0.0
    car.apply_ackermann_controller_settings(settings)
    assert car.get_ackermann_controller_settings().speed_kp == 0.0
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=6.0))
    ticks(world, 60)
    assert car.get_velocity().length() < 0.1


def test_the_inner_wheel_turns_more_and_both_by_the_steering(world, car):
    car.apply_control(carla.VehicleControl(steer=1.0))
    world.tick()
    left, right = (
        car.get_wheel_steer_angle(wheel) for wheel in (carla.VehicleWheelLocation.FL_Wheel, carla.VehicleWheelLocation.FR_Wheel)
    )
    assert right > 33.7 > left > 25.0
    assert car.get_wheel_steer_angle(carla.VehicleWheelLocation.BL_Wheel) == 0.0


def test_commands_of_a_batch_do_the_same(client, world, car):
    commands = carla.command
    control = car.get_physics_control()
    control.mass = 2000.0
    batch = [
        commands.ApplyVehiclePhysicsControl(car.id, control),
        commands.ApplyImpulse(car.id, carla.Vector3D(x=2000.0 * 4.0)),
        commands.ApplyForce(car.id, carla.Vector3D(x=10.0)),
        commands.ApplyAngularImpulse(car.id, carla.Vector3D(z=1.0)),
        commands.ApplyTorque(car.id, carla.Vector3D(z=1.0)),
        commands.ApplyVehicleAckermannControl(car.id, carla.VehicleAckermannControl(speed=4.0)),
    ]
    assert [reply.error for reply in client.apply_batch_sync(batch, True)] == [""] * len(batch)
    assert car.get_physics_control().mass == 2000.0
    assert car.get_velocity().x == pytest.approx(4.0, abs=0.1)


def test_the_gear_of_the_snapshot(world):
    library = world.get_blueprint_library()
    car = world.spawn_actor(library.find("vehicle.audi.tt"), world.get_map().get_spawn_points()[0])
    world.tick()
    gears = []
    car.apply_control(carla.VehicleControl(throttle=1.0))
    for _ in range(80):
        world.tick()
        gears.append(car.get_control().gear)
    assert gears == sorted(gears)
    assert (gears[0], gears[-1]) == (1, 2)
    car.apply_control(carla.VehicleControl(manual_gear_shift=True, gear=2))
    world.tick()
    assert car.get_control().gear == 2


def test_a_car_leaves_the_road_over_the_kerb_and_tilts(world, car):
    car.set_target_velocity(carla.Vector3D(x=8.0))
    rolls, heights = [], []
    for _ in range(40):
        car.apply_control(carla.VehicleControl(throttle=0.4, steer=0.25))
        world.tick()
        pose = car.get_transform()
        rolls.append(abs(pose.rotation.roll) + abs(pose.rotation.pitch))
        heights.append(pose.location.z)
    assert max(rolls) > 1.0
    assert heights[0] == pytest.approx(0.0, abs=1e-6)
    assert max(heights) == pytest.approx(0.12, abs=0.005)


def test_the_ground_below_is_that_of_the_hills(client):
    world = client.load_world("Ring01")
    heights = []
    for point in world.get_map().get_spawn_points():
        above = point.location + carla.Location(z=4.0)
        heights.append((world.ground_projection(above, 10.0).location.z, point.location.z - 0.3))
    assert max(expected for _, expected in heights) > 4.0
    for found, expected in heights:
        assert found == pytest.approx(expected, abs=0.03)
    assert world.ground_projection(carla.Location(z=50.0), 10.0) is None
    level = client.load_world("Suburb01")
    assert level.ground_projection(carla.Location(x=5.0, y=6.0, z=50.0), 60.0).location.z == 0.0
    assert level.cast_ray(carla.Location(z=2.0), carla.Location(x=4.0, z=-2.0))[0].location.x == pytest.approx(2.0)


def test_the_wheel_angle_follows_the_steering_curve(world, car):
    control = car.get_physics_control()
    control.steering_curve = [carla.Vector2D(0.0, 0.2), carla.Vector2D(100.0, 0.2)]
    car.apply_physics_control(control)
    car.apply_control(carla.VehicleControl(steer=1.0))
    world.tick()
    assert 6.0 < car.get_wheel_steer_angle(carla.VehicleWheelLocation.FL_Wheel) < 7.0
