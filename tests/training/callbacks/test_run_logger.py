from av_td3.env.errors import EpisodeFailed
from av_td3.simulator.errors import SimulatorLost
from av_td3.training.callbacks.run_logger import RunLogger
from tests.training.fakes import END, Fakes, RecordingAgent, configured


def trained(*episodes, steps, **more):
    config = configured(total_steps=steps, algorithm={"learning_starts": 2}, logging={"every_updates": 2})
    return Fakes(config, episodes, callbacks={"log": RunLogger()}, **more).train().run


def test_points_are_written_with_their_step_and_the_status_says_how_far_the_run_is():
    run = trained(range(9), steps=6, agent=RecordingAgent({"train/critic_loss": 1.5}))
    assert run.log.values("train/critic_loss") == [(4, 1.5), (6, 1.5)]
    assert [(state, step) for state, step, _ in run.status.written] == [("running", 4), ("running", 6)]


def test_an_episode_is_a_row_a_trajectory_and_a_point_at_its_last_step():
    run = trained([1, 2, END], [3], steps=3)
    (row,) = run.log.rows
    assert (row.episode, row.step, row.ending, row.reward, row.length) == (0, 2, "goal", 3.0, 2)
    assert run.log.trajectories == [("training", 2, 0, 2)]
    assert run.log.values("episode/reward") == [(2, 3.0)]


def test_a_lost_episode_is_logged_and_named():
    run = trained([1, SimulatorLost("the connection was dropped")], [2, 3, END], steps=3)
    assert [(row.episode, row.ending) for row in run.log.rows] == [(0, "lost"), (1, "goal")]
    assert run.log.values("episode/length") == [(1, 1.0), (3, 2.0)]
    assert run.display.lines == ["episode 0 lost at step 1: the connection was dropped; restarting the simulator"]


def test_a_skipped_episode_is_a_row_and_no_point():
    run = trained([1, EpisodeFailed("no road leads on", "road")], [2, 3, END], steps=3)
    assert [(row.episode, row.ending) for row in run.log.rows] == [(0, "skipped"), (1, "goal")]
    assert run.log.values("episode/length") == [(3, 2.0)]
    assert run.display.lines == ["episode 0 skipped at step 1: no road leads on"]


def test_the_map_is_handed_over_with_the_first_observation():
    assert trained([1, 2], steps=2).log.towns == [()]


def test_without_one_town_there_is_no_map():
    scenario = {"town": ["Suburb01", "Ring01"]}
    config = configured(total_steps=2, algorithm={"learning_starts": 2}, scenario=scenario)
    assert Fakes(config, [[1, 2]], callbacks={"log": RunLogger()}).train().run.log.towns == []


def test_what_a_driver_demonstrates_is_a_row_and_no_point():
    config = configured(total_steps=4, algorithm={"learning_starts": 2}, replay={"fill_with": "random"})
    log = Fakes(config, [[1, 2, END], [3, 4, END]], callbacks={"log": RunLogger()}).train().run.log
    assert [row.reward for row in log.rows] == [3.0, 7.0]
    assert log.values("episode/reward") == [(4, 7.0)]
