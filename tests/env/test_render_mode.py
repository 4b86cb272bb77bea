"""The environment's render modes, on the real server."""

import carla
import gymnasium
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError, ResetNeeded, UnsupportedMode
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import HumanRendering, RecordVideo
from stable_baselines3.common.env_checker import check_env as check_env_of_stable_baselines3
from stable_baselines3.common.vec_env import DummyVecEnv, VecVideoRecorder

import av_td3
from av_td3.env.carla_env import CarlaEnv
from av_td3.env.remote_env import RemoteEnv
from av_td3.env.rendering.mode import DISPLAYS
from tests.system.runs import descendants_with, until

ID = "av_td3.env:av_td3/Carla-v0"
AHEAD = np.array([0.0, 0.5], np.float32)
LOOP = ("scenario=loop", "scenario.spawn_point=0")


@pytest.fixture
def make(server_config, monkeypatch):
    """An environment on the server that tests share, closed at the end of the test."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    made = []

    def build(*overrides, render_mode="rgb_array", **arguments):
        made.append(
            gymnasium.make(ID, port=server_config.port, overrides=(*LOOP, *overrides), render_mode=render_mode, **arguments)
        )
        return made[-1]

    yield build
    for env in made:
        env.close()


def drive(env, steps, seed=0):
    env.reset(seed=seed)
    frames = [env.render()]
    for _ in range(steps):
        env.step(AHEAD)
        frames.append(env.render())
    return frames


def test_frames_are_of_one_size_and_show_each_step(make):
    env = make("scenario.npc_vehicles=3")
    frames = [*drive(env, 4, seed=0), *drive(env, 4, seed=1)]
    assert {(frame.shape, frame.dtype) for frame in frames} == {((480, 840, 3), np.dtype(np.uint8))}
    assert len({frame.tobytes() for frame in frames}) == len(frames)
    assert np.array_equal(env.render(), frames[-1])  # the same state again


def test_the_config_chooses_view_and_size(make):
    env = make()
    chase = drive(env, 0)[0][:360, :480]
    env.close()
    env = make("render=dash", "render.width=320", "render.height=240")
    dash = drive(env, 0)[0]
    assert dash.shape == (320, 560, 3)
    assert np.abs(chase[180:280, 190:290].astype(int) - (11, 29, 78)).max(axis=2).min() < 40  # the car's own, dark blue back
    env.close()
    without_car = drive(make("render=dash"), 0)[0][:360, :480]
    assert not np.array_equal(chase, without_car)


def test_every_tick_has_its_own_image_however_seldom_one_is_drawn(make):
    env = make()
    each = drive(env, 6)[-1]
    env.reset(seed=0)
    for _ in range(6):
        env.step(AHEAD)
    assert np.array_equal(env.render(), each)


def episodes(env, actions):
    """All that ``reset`` and ``step`` return in two episodes, as bytes and numbers."""
    for seed in (3, 4):
        observation, info = env.reset(seed=seed)
        yield [(name, value.tobytes()) for name, value in observation.items()], info["route_length"]
        for number, action in enumerate(actions):
            observation, *others = env.step(action)
            if env.render_mode is not None and number % 3 == 0:
                env.render()
            yield [(name, value.tobytes()) for name, value in observation.items()], others


@pytest.mark.parametrize("overrides", [("scenario=suburb_traffic",), ("scenario=loop", "observation=vector")])
def test_rendering_changes_no_bit_of_an_episode(overrides):
    actions = np.random.default_rng(0).uniform((-0.1, -0.2), (0.1, 0.9), (40, 2)).astype(np.float32)
    found = []
    for mode in (None, "rgb_array"):
        env = gymnasium.make(ID, overrides=overrides, render_mode=mode, disable_env_checker=True)
        found.append(list(episodes(env.unwrapped, actions)))
        env.close()
    assert found[0] == found[1]


def other_world(server_config):
    """The server's world, as another client sees it."""
    client = carla.Client(server_config.host, server_config.port)
    client.set_timeout(10.0)
    return client.get_world()


def cameras(server_config):
    world = other_world(server_config)
    until(lambda: list(world.get_actors().filter("vehicle.*")), "the car", seconds=10.0)
    return len(world.get_actors().filter("sensor.camera.*"))


def test_only_a_render_mode_puts_a_camera_on_the_car(make, server_config):
    env = make("observation=vector", render_mode=None)
    env.reset(seed=0)
    assert cameras(server_config) == 0
    with pytest.warns(UserWarning, match='make the environment with render_mode="rgb_array"'):
        assert env.unwrapped.render() is None
    env.close()
    make("observation=vector").reset(seed=0)
    assert cameras(server_config) == 1


def test_a_server_that_does_not_render_does_so_meanwhile(make, server_config):
    world = other_world(server_config)
    settings = world.get_settings()
    settings.no_rendering_mode = True
    world.apply_settings(settings)
    env = make("observation=vector")
    assert drive(env, 1)[1][:360, :480].std() > 20.0
    env.close()
    settings = world.get_settings()
    assert settings.no_rendering_mode is True  # as it was found
    settings.no_rendering_mode = False
    world.apply_settings(settings)


def test_an_episode_that_is_not_to_be_rendered_has_no_camera_and_nothing_to_draw(make, server_config):
    env = make("observation=vector").unwrapped
    for render in (True, False, True):
        env.reset(seed=0, options={"render": render})
        env.step(AHEAD)
        assert cameras(server_config) == int(render)
        if render:
            assert env.render().std() > 20.0
        else:
            with pytest.raises(ResetNeeded, match="without the option render=False"):
                env.render()


def test_a_rendered_episode_changes_no_bit_of_those_around_it():
    actions = np.random.default_rng(0).uniform((-0.1, -0.2), (0.1, 0.9), (20, 2)).astype(np.float32)
    found = []
    for rendered in ((), (1,)):
        env = gymnasium.make(ID, overrides=("scenario=suburb_traffic",), render_mode="rgb_array", disable_env_checker=True)
        found.append([])
        for number in range(3):
            observation, info = env.unwrapped.reset(seed=number, options={"render": number in rendered})
            found[-1].append((observation["image"].tobytes(), info["route_length"]))
            for action in actions:
                observation, *others = env.unwrapped.step(action)
                found[-1].append((observation["image"].tobytes(), observation["vector"].tobytes(), others))
        env.close()
    assert found[0] == found[1]


def test_a_window_stays_as_it_is_in_an_episode_that_is_not_to_be_rendered(make):
    pygame = pytest.importorskip("pygame")
    env = make(render_mode="human").unwrapped
    env.reset(seed=0)
    shown = pygame.surfarray.array3d(pygame.display.get_surface())
    env.reset(seed=1, options={"render": False})
    env.step(AHEAD)
    assert np.array_equal(shown, pygame.surfarray.array3d(pygame.display.get_surface()))


def test_calls_out_of_order_raise_gymnasiums_errors(make):
    env = make("scenario.max_episode_steps=1").unwrapped
    with pytest.raises(ResetNeeded, match="call reset before render"):
        env.render()
    env.reset(seed=0)
    assert env.step(AHEAD)[3]
    assert env.render().shape == (480, 840, 3)  # the last state, with how it ended
    env.close()
    with pytest.raises(ClosedEnvironmentError):
        env.render()


def test_a_frame_is_as_long_as_a_step(make):
    assert make().metadata["render_fps"] == 10.0
    assert CarlaEnv.metadata["render_modes"] == ["human", "rgb_array"]


# -- what others make of it --------------------------------------------------------------------------------------------


def test_gymnasium_and_stable_baselines3_find_nothing_to_object_to(monkeypatch, recwarn):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = av_td3.make_env(overrides=LOOP, render_mode="rgb_array")
    check_env(env.unwrapped)  # makes one environment more for each mode
    check_env_of_stable_baselines3(env)
    assert env.render().shape == (480, 840, 3)
    env.close()
    assert [str(warning.message) for warning in recwarn if "render" in str(warning.message)] == []


def test_record_video_writes_a_file(make, tmp_path):
    env = RecordVideo(make("scenario.max_episode_steps=5"), str(tmp_path))
    drive(env, 5)
    env.close()
    (video,) = tmp_path.glob("*.mp4")
    assert video.stat().st_size > 1000


def test_stable_baselines3_records_a_video(make, tmp_path):
    env = VecVideoRecorder(DummyVecEnv([make]), str(tmp_path), lambda step: step == 0, video_length=5)
    env.reset()
    for _ in range(6):
        env.step(AHEAD[None])
    env.close()
    (video,) = tmp_path.glob("*.mp4")
    assert video.stat().st_size > 1000


def test_frames_are_collected_in_a_list(make):
    env = make(render_mode="rgb_array_list")
    env.reset(seed=0)
    for _ in range(3):
        env.step(AHEAD)
    frames = env.render()
    assert [frame.shape for frame in frames] == [(480, 840, 3)] * 4
    assert env.render() == []


def test_human_rendering_shows_the_frames(make):
    env = HumanRendering(make())
    env.reset(seed=0)
    env.step(AHEAD)
    assert tuple(env.window.get_size()) == (840, 480)
    env.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vector_environments_render_each(mode):
    envs = gymnasium.make_vec(ID, num_envs=2, vectorization_mode=mode, overrides=("scenario=loop",), render_mode="rgb_array")
    try:
        envs.reset(seed=[1, 2])
        envs.step(np.stack([AHEAD, AHEAD]))
        first, second = envs.render()
        assert first.shape == second.shape == (480, 840, 3)
        assert not np.array_equal(first, second)
    finally:
        envs.close()


def test_a_window_shows_each_state_and_closing_it_does_not_end_the_script(make):
    pygame = pytest.importorskip("pygame")
    env = make("simulator.fixed_delta_seconds=0.05", render_mode="human")
    env.reset(seed=0)
    shown = [pygame.surfarray.array3d(pygame.display.get_surface())]
    env.step(AHEAD)
    shown.append(pygame.surfarray.array3d(pygame.display.get_surface()))
    assert not np.array_equal(*shown)
    assert env.render() is None
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    env.step(AHEAD)
    assert pygame.display.get_surface() is None
    env.reset(seed=1)
    env.step(AHEAD)


def test_what_cannot_be_rendered_is_refused_before_a_server_starts(monkeypatch):
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    before = descendants_with("av_td3.simulator.builtin")
    for mode in ("human", "ansi"):
        with pytest.raises(UnsupportedMode, match=f"render_mode='{mode}'"):
            gymnasium.make(ID, overrides=LOOP, render_mode=mode)
    assert descendants_with("av_td3.simulator.builtin") == before


def test_an_environment_of_a_run_renders_when_asked_to(compose_config, tmp_path):
    config = compose_config(*LOOP)
    server = config.simulator.server(tmp_path / "simulator.log")
    env = RemoteEnv(config, server, tmp_path / "worker.log", render_mode="rgb_array")
    try:
        env.reset(seed=0)
        first = env.render()
        env.step(AHEAD)
        assert (first.shape, first.dtype) == ((480, 840, 3), np.uint8)
        assert not np.array_equal(first, env.render())
    finally:
        env.close()
