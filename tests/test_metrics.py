"""Names are spelled in one place, and a run logs under no others."""

import ast
import re

import pytest

from av_td3 import metrics
from av_td3.runs.scalars import read_log
from tests.agents.builders import batch, build
from tests.conftest import ROOT
from tests.training.fakes import END
from tests.training.scripted_run import ScriptedRun

PREFIXES = ("train/", "episode/", "eval/", "reward/", "perf/", "debug/", "gradients/", "alerts/")
PACKAGE = ROOT / "av_td3"
HOME = PACKAGE / "metrics.py"
FOREIGN = tuple(PACKAGE / "diagnostics" / name for name in ("tags.py", "quantities.py", "program.py"))  # of other programs


def strings(path):
    """All strings in a module, the constant parts of f-strings as well."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def spelled_elsewhere(is_name):
    modules = [path for path in sorted(PACKAGE.rglob("*.py")) if path not in (HOME, *FOREIGN)]
    assert len(modules) > 100
    return [f"{place}: {text[:60]}" for path in modules for place, text in strings(path) if is_name(text)]


def test_no_other_module_spells_a_tag():
    assert spelled_elsewhere(lambda text: text.startswith(PREFIXES)) == []


def test_no_other_module_spells_the_name_of_a_module_of_the_networks():
    assert spelled_elsewhere(lambda text: text in metrics.MODULES or re.fullmatch(r"_(cnn|mlp)\b.*", text)) == []


def test_no_template_spells_a_tag():
    templates = sorted((PACKAGE / "report" / "templates").iterdir())
    assert templates
    tag = re.compile(rf"(?<![\w/.])({'|'.join(PREFIXES)})")
    assert [path.name for path in templates if tag.search(path.read_text())] == []


@pytest.fixture(scope="module")
def of_the_learner(compose_config):
    """What one log interval of the real learner holds."""
    agent = build(compose_config, "network=small_cnn", "network.hidden_dims=[8]", "logging.update_ratio_every=1")
    for _ in range(2):  # the second also updates the actor
        agent.update(batch(4))
    return set(agent.drain())


@pytest.fixture(scope="module")
def of_the_loop(compose_config, tmp_path_factory):
    """What the training loop logs of a scripted run, beside what its learner measured."""
    folder = tmp_path_factory.mktemp("run")
    config = compose_config(
        *("total_steps=6", "algorithm.learning_starts=3", "algorithm.batch_size=2", "logging.every_updates=1"),
        "replay.fill_with=random",
        *("evaluation.every_steps=3", "evaluation.episodes=1"),
    )
    ScriptedRun(config, folder, [[1, 2, 3, END], [4, 5, 6, END], [7]]).train()
    return set(read_log(folder / "tensorboard").scalars)


def test_a_run_logs_under_no_tag_that_is_not_declared(of_the_learner, of_the_loop):
    assert [tag for tag in sorted(of_the_learner | of_the_loop) if not metrics.is_known(tag)] == []
    assert not metrics.is_known("debug/new_number")


def test_every_declared_tag_is_logged(of_the_learner, of_the_loop):
    assert metrics.TAGS - of_the_learner - of_the_loop == set()
    assert {metrics.reward_term("progress"), metrics.reward_share("progress")} <= of_the_loop
    entries = ("speed", "lateral", "heading_error", "waypoints")
    assert {f"debug/vector_std_{entry}" for entry in entries} <= of_the_learner


def test_tags_keep_the_spelling_that_dashboards_know():
    networks, modules = ("actor", "critic"), ("actor_cnn", "actor_mlp", "critic_cnn", "critic_mlp")
    norms = [f"debug/{part}_grad_norm_{when}_clip" for part in (*networks, *modules) for when in ("BEFORE", "AFTER")]
    driving = ("reward", "length", "route_completion", "collisions", "lane_invasions", "success")
    alerts = (
        *("gradient_explosion_warning", "gradient_explosion_critical"),
        *("critic_gradient_explosion_warning", "critic_gradient_explosion_critical"),
        *("clip_violation", "dead_gradient", "action_saturation", "q_divergence", "actor_critic_disagreement", "non_finite"),
    )
    assert alerts == metrics.ALERTS
    assert set(metrics.TAGS) == {
        *(f"train/{name}" for name in ("actor_loss", "critic_loss", "q1_value", "q2_value")),
        *(f"train/{name}" for name in ("updates", "lr_factor", "exploration_noise")),
        *(f"episode/{name}" for name in driving),
        *(f"eval/{name}" for name in (*driving, "speed", "failed_episodes")),
        *(
            f"perf/{name}"
            for name in (
                "env_steps_per_s",
                "updates_per_s",
                "threads",
                "step_time_ms",
                "step_time_ms_max",
                "simulator_restarts",
                "simulator_renewals",
                "sensor_losses",
            )
        ),
        *(f"debug/{name}" for name in ("actor_q_mean", "target_q_mean", "q1_q2_diff", "td_error", "action_saturation")),
        *(f"debug/{name}" for name in ("actor_pre_tanh_abs", "action_steering_mean", "action_pedal_mean")),
        "debug/features_std",
        *norms,
        *(f"{norm}_max" for norm in norms),
        "debug/non_finite_in_a_row_max",
        *(f"debug/{network}_{name}" for network in networks for name in ("grad_clip_ratio", "clipped_fraction")),
        *(f"debug/{module}_update_ratio" for module in modules),
        *(f"gradients/{module}_norm" for module in modules),
        *(f"alerts/{alert}" for alert in alerts),
    }
