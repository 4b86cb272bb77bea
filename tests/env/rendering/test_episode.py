"""What the renderer of an episode draws, in worlds without a server."""

from types import SimpleNamespace

import numpy as np
import pytest

from av_td3.config.composition import driving_task
from av_td3.config.reward import RewardBreakdown
from av_td3.env.endings import Collision, TimeLimit
from av_td3.env.rendering.episode import EpisodeRenderer
from av_td3.env.rendering.map_view import ROAD
from av_td3.env.rendering.painting import BAD, GOOD, NEUTRAL
from av_td3.simulator.errors import SensorLost
from tests.env.fake_world import FakeWorld, image
from tests.env.rendering.scenes import STRAIGHT, share_of
from tests.env.states import state

RENDER = driving_task(["render.width=160", "render.height=120"]).render
MAP, STRIP, ENDING = np.s_[:120, 160:], np.s_[120:], np.s_[145:, 200:]
CAR = SimpleNamespace(id=1, bounding_box=SimpleNamespace(extent=SimpleNamespace(x=2.3, y=1.0)))
REWARD = RewardBreakdown(0.5, {"progress": 0.5})


class World(FakeWorld):
    def get_actors(self):
        return SimpleNamespace(filter=lambda pattern: [])


@pytest.fixture
def world():
    return World()


@pytest.fixture
def renderer(world):
    """A renderer on a car in its first state, and a function that lets the camera see a frame."""
    renderer = EpisodeRenderer(RENDER, 0.05)
    begin(renderer, world, [STRAIGHT])
    return renderer


def begin(renderer, world, lanes):
    renderer.attach(world, CAR, lanes)
    show(world, 1)
    renderer.start(1, state())


def show(world, frame):
    sent = image(frame)
    sent.width, sent.height = 160, 120
    sent.raw_data = np.full((120, 160, 4), frame, np.uint8)
    world.sensors[-1].callback(sent)


def test_a_frame_shows_the_newest_image_and_state(renderer, world):
    first = renderer.draw()
    assert first[:120, :160].max() == 1
    show(world, 2)
    renderer.update(2, state(travelled=60.0), REWARD, None, None)
    second = renderer.draw()
    assert second[:120, :160].min() == second[:120, :160].max() == 2
    assert not np.array_equal(first[STRIP], second[STRIP])


def test_every_step_needs_its_own_image(renderer):
    with pytest.raises(SensorLost, match="no image of camera render at frame 2"):
        renderer.update(2, state(), REWARD, None, None)


@pytest.mark.parametrize(
    ("name", "ending", "color"),
    [("collision", Collision(), BAD), ("time_limit", TimeLimit(steps=3), NEUTRAL), (None, None, None)],
)
def test_the_last_frame_says_how_the_episode_ended(renderer, world, name, ending, color):
    show(world, 2)
    renderer.update(2, state(), REWARD, name, ending)
    shares = {each: share_of(renderer.draw()[ENDING], each) > 0.02 for each in (BAD, NEUTRAL)}
    assert shares == {each: each == color for each in (BAD, NEUTRAL)}


def test_the_trail_is_that_of_the_episode(renderer, world):
    for frame in range(2, 8):
        show(world, frame)
        renderer.update(frame, state(travelled=10.0 + 5.0 * frame), RewardBreakdown(1.0, {}), None, None)
    assert share_of(renderer.draw()[MAP], GOOD, 60) > 0.0
    renderer.detach()
    assert not renderer.has_started
    begin(renderer, world, [STRAIGHT])
    assert share_of(renderer.draw()[MAP], GOOD, 60) == 0.0


def test_the_map_belongs_to_the_town(renderer):
    before = share_of(renderer.draw()[MAP], ROAD)
    renderer.detach()
    other = World("Ring01")
    begin(renderer, other, [STRAIGHT + 500.0])  # elsewhere
    assert before > 0.005 > 0.001 > share_of(renderer.draw()[MAP], ROAD)
