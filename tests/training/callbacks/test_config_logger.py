"""The configuration in TensorBoard, read with TensorBoard's own reader."""

import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from av_td3.runs.log import RunLog
from av_td3.runs.scalars import read_log
from av_td3.training.callbacks.config_logger import ConfigLogger, hyperparameters
from tests.training.fakes import configured, fake_run


class Trainer:
    """What the callback sees of a trainer."""

    def __init__(self, folder, step=0, cursor=None):
        self.run, self.step, self.preempted = fake_run(folder), step, False
        self.run.log = RunLog(folder, cursor)


def logged(folder, config, step=0, cursor=None, end=True):
    """One process of a run."""
    trainer, callback = Trainer(folder, step, cursor), ConfigLogger()
    callback.setup(config, folder)
    callback.on_training_start(trainer)
    trainer.run.log.scalars({"eval/reward": 3.0}, step + 1)
    if end:
        callback.on_training_end(trainer)
    trainer.run.log.close()


def read(folder):
    return EventAccumulator(str(folder / "tensorboard")).Reload()


def texts(folder):
    return [(event.step, event.tensor_proto.string_val[0].decode()) for event in read(folder).Tensors("config")]


def test_the_config_is_a_block_of_yaml(tmp_path):
    logged(tmp_path, configured(seed=7))
    ((step, text),) = texts(tmp_path)
    assert step == 0
    assert text.startswith("```yaml\n")
    content = yaml.safe_load(text.removeprefix("```yaml\n").removesuffix("```"))
    assert content["seed"] == 7
    assert content["algorithm"]["gradient_clipping"]["actor_max_norm"] == 1.0


def test_a_resumed_run_repeats_it_only_where_it_may_have_changed(tmp_path):
    logged(tmp_path, configured(), end=False)
    logged(tmp_path, configured(), step=5, cursor={"step": 5, "episodes": 0, "trajectories": 0}, end=False)
    assert [step for step, _ in texts(tmp_path)] == [0]
    changed = configured(total_steps=77, resume_with_changes=True)
    logged(tmp_path, changed, step=9, cursor={"step": 9, "episodes": 0, "trajectories": 0})
    assert [step for step, _ in texts(tmp_path)] == [0, 9]


def test_hyperparameters_name_the_final_metrics(tmp_path):
    logged(tmp_path, configured(seed=7))
    metadata = read(tmp_path).summary_metadata
    content = {
        name: HParamsPluginData.FromString(metadata[f"_hparams_/{name}"].plugin_data.content)
        for name in ("experiment", "session_start_info", "session_end_info")
    }
    metrics = [info.name.tag for info in content["experiment"].experiment.metric_infos]
    assert metrics == ["eval/reward", "eval/success", "eval/route_completion", "episode/reward"]
    values = content["session_start_info"].session_start_info.hparams
    assert values["seed"].number_value == 7
    assert values["algorithm.gradient_clipping.critic_max_norm"].number_value == 10.0
    assert values["network.gradient_routing"].string_value == "separate"


def test_hyperparameters_are_what_runs_are_compared_by():
    found = hyperparameters(configured().model_dump(mode="json"))
    assert {
        "algorithm.actor_lr",
        "algorithm.batch_size",
        "algorithm.discount",
        "scenario.npc_vehicles",
        "network",
    } <= found.keys()
    assert not {"name", "checkpoint.keep", "simulator.port"} & found.keys()
    assert not any(key.startswith("scenario.endings") for key in found)


def test_the_readers_of_logs_see_scalars_alone(tmp_path):
    logged(tmp_path, configured())
    log = read_log(tmp_path / "tensorboard")
    assert (list(log.scalars), log.problems) == (["eval/reward"], [])


def test_a_run_that_is_preempted_leaves_the_hyperparameters_to_the_process_that_ends_it(tmp_path):
    trainer, callback = Trainer(tmp_path), ConfigLogger()
    callback.setup(configured(), tmp_path)
    trainer.preempted = True
    callback.on_training_end(trainer)
    trainer.run.log.close()
    assert read(tmp_path).summary_metadata == {}
