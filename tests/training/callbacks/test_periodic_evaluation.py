import re
import sys

from av_td3.config.callback import Callback
from av_td3.env.errors import EpisodeFailed
from av_td3.runs.evaluation_videos import read_videos
from av_td3.simulator.errors import SimulatorLost
from av_td3.training.callbacks.periodic_evaluation import PeriodicEvaluation
from av_td3.training.callbacks.stop_on_preemption import StopOnPreemption
from tests.training.fakes import END, EVALUATION_REWARD, Fakes, at, configured, fake_run

EPISODE = ["reset", "step", "step", "step"]


def trained(*episodes, steps, every=4, callbacks=None, state=None, **sections):
    config = configured(total_steps=steps, evaluation={"every_steps": every}, **sections)
    evaluation = PeriodicEvaluation()
    if state is not None:
        evaluation.load_state_dict(state)
    return Fakes(config, episodes, callbacks={**(callbacks or {}), "evaluation": evaluation}).train(), evaluation


def test_it_takes_place_at_the_first_end_of_an_episode_after_it_is_due_and_at_the_end():
    done, _ = trained([1, 2, 3, END], [1, 2, 3, END], [4, 5], steps=7)
    assert done.env.diary == [*EPISODE, *EPISODE, "evaluate", "step", "reset", "step", "evaluate", "step", "close"]
    assert done.run.log.values("eval/reward") == [(6, EVALUATION_REWARD), (7, EVALUATION_REWARD)]
    assert done.trainer.score == EVALUATION_REWARD


def test_it_takes_place_once_where_the_last_step_ends_an_episode():
    done, _ = trained([1, 2, 3, END], [4, 5, 6, END], steps=6)
    assert done.env.diary.count("evaluate") == 1


def test_it_is_due_again_after_every_so_many_steps_of_a_resumed_run():
    config = configured(total_steps=9, evaluation={"every_steps": 4})
    done = Fakes(config, [[1, 2, END], [3, 4, END], [5, 6]], callbacks={"evaluation": PeriodicEvaluation()})
    done.trainer.step = 5
    done.train()
    assert [step for step, _ in done.run.log.values("eval/reward")] == [9]


def test_it_takes_place_in_the_environment_that_waits():
    class LastStep(Callback):
        _env_index: int = -1

        def on_step(self, trainer, episode):
            self._env_index = episode.env_index

        @property
        def env_index(self):
            return self._env_index

    last = LastStep()
    config = configured(total_steps=6)
    done = Fakes(config, [[1] * 20], [[2] * 20], callbacks={"last": last, "evaluation": PeriodicEvaluation()}).train()
    evaluated = [env.diary.count("evaluate") for env in done.envs]
    assert evaluated == [int(last.env_index == index) for index in (0, 1)]


def test_its_episodes_are_no_part_of_the_training():
    done, _ = trained([1, 2, 3, 4, END], [5], steps=5)
    assert done.rewards() == [1, 2, 3, 4, 5]
    assert done.trainer.step == 5
    assert [trajectory[0] for trajectory in done.run.log.trajectories] == ["evaluation"] * 2


def test_it_waits_for_an_episode_that_was_not_lost():
    done, _ = trained([1, 2, 3, 4, SimulatorLost("gone")], [5, 6, END], [7], steps=7)
    assert [step for step, _ in done.run.log.values("eval/reward")] == [6, 7]


def test_a_run_that_is_stopped_early_is_not_evaluated():
    done, _ = trained(range(9), steps=9, callbacks={"stop": at(3, lambda trainer: trainer.stop("enough"))})
    assert "evaluate" not in done.env.diary


def test_where_all_episodes_fail_the_score_stays(monkeypatch):
    failing = {"a": EpisodeFailed("no road", "road")}
    monkeypatch.setattr("av_td3.training.callbacks.periodic_evaluation.evaluate", lambda *_: ({}, failing))
    done, _ = trained([1, 2], steps=2)
    assert done.run.log.points == [(2, {"eval/failed_episodes": 1.0})]
    assert done.trainer.score is None


def test_a_run_that_is_being_preempted_leaves_it_to_the_process_that_resumes_it():
    def request(trainer):
        trainer.run.preemption.requested = True

    before = {"request": at(2, request), "preemption": StopOnPreemption()}
    done, evaluation = trained([1, 2, 3, 4, END], [5, 6], steps=6, callbacks=before)
    assert "evaluate" not in done.env.diary
    assert evaluation.state_dict() == {"pending": True, "evaluated_at": 0}
    resumed, again = trained([5, 6], steps=2, state=evaluation.state_dict())
    assert resumed.env.diary[:3] == ["evaluate", "step", "reset"]
    assert again.state_dict()["pending"] is False


# -- routes ------------------------------------------------------------------------------------------------------------


def test_a_run_whose_routes_are_drawn_says_so_once_at_the_start(monkeypatch):
    drawn, _ = trained([1, 2], steps=2, scenario={"validation_routes": "town01_validation"})
    (line,) = [line for line in drawn.run.display.lines if "routes" in line]
    assert line == (
        "evaluations drive routes that are drawn from the seed: none of scenario.validation_routes=town01_validation lies in "
        "Suburb01"
    )
    given, _ = trained([1, 2], steps=2)
    assert not any("routes" in line for line in given.run.display.lines)


# -- videos ------------------------------------------------------------------------------------------------------------


def filmed(folder, *episodes, steps, every=2, video_every=4, state=None):
    config = configured(total_steps=steps, evaluation={"every_steps": every, "episodes": 2, "video_every_steps": video_every})
    evaluation = PeriodicEvaluation()
    if state is not None:
        evaluation.load_state_dict(state)
    return Fakes(config, episodes, callbacks={"evaluation": evaluation}, run=fake_run(folder)).train(), evaluation


def test_the_first_evaluation_after_so_many_steps_and_the_last_one_are_recorded(tmp_path):
    done, _ = filmed(tmp_path, [1, 2, 3, END], [4, 5, 6, END], [7, 8, 9, END], [10], steps=10, video_every=5)
    assert [video.step for video in read_videos(tmp_path)] == [6, 10]
    assert done.env.rendered == [False, False, True, False, False, False, True, False]  # of evaluations at 3, 6, 9, 10
    assert done.run.log.summaries == [(step, tag) for step in (6, 10) for tag in ("eval/video", "eval/camera")]
    assert sorted(path.name for path in (tmp_path / "videos").iterdir()) == [
        f"step-{step:09}{end}" for step in (6, 10) for end in ("-camera.png", ".json", ".mp4")
    ]


def test_without_videos_nothing_is_rendered_and_no_folder_made(tmp_path):
    done, _ = filmed(tmp_path, [1, 2, 3, END], [4], steps=4, video_every=None)
    assert done.env.rendered == [False] * 4
    assert list(tmp_path.iterdir()) == []


def test_a_resumed_run_records_what_is_due_since_its_last_evaluation_and_drops_later_videos(tmp_path):
    filmed(tmp_path, [1, 2, 3, END], [4, 5, 6, END], [7], steps=7)
    assert [video.step for video in read_videos(tmp_path)] == [6, 7]
    run, evaluation = fake_run(tmp_path), PeriodicEvaluation()
    evaluation.load_state_dict({"pending": False, "evaluated_at": 3})
    config = configured(total_steps=9, evaluation={"every_steps": 2, "video_every_steps": 4})
    again = Fakes(config, [[6, 7, END], [8, 9]], callbacks={"evaluation": evaluation}, run=run)
    again.trainer.step = 5  # a checkpoint between two evaluations
    again.train()
    assert [video.step for video in read_videos(tmp_path)] == [7, 9]
    assert evaluation.state_dict()["evaluated_at"] == 9


def test_a_missing_package_costs_the_video_and_a_note(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    done, _ = filmed(tmp_path, [1, 2], steps=2)
    (line,) = [line for line in done.run.display.lines if "video" in line]
    assert re.match(r"no video at step 2: ConfigError: .*writing MP4 needs the package av: pip install", line)
    assert done.run.log.values("eval/reward") == [(2, EVALUATION_REWARD)]
    assert read_videos(tmp_path) == []


def test_a_folder_that_cannot_be_written_costs_the_video_and_a_note(tmp_path):
    (tmp_path / "videos").touch()
    done, _ = filmed(tmp_path, [1, 2], steps=2)
    assert "no video at step 2: FileExistsError" in " ".join(done.run.display.lines)
    assert done.run.log.values("eval/reward") == [(2, EVALUATION_REWARD)]


def test_a_disk_that_is_full_when_the_video_is_complete_costs_the_video_and_a_note(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("av_td3.training.publish_video.write_atomically", full)
    done, _ = filmed(tmp_path, [1, 2], steps=2)
    assert any("no video at step 2: OSError: [Errno 28] No space left" in line for line in done.run.display.lines)
    assert read_videos(tmp_path) == []
