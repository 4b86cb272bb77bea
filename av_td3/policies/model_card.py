"""The model card of an exported policy: what it is, what goes in and comes out, and how it was trained."""

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from av_td3 import metrics
from av_td3.config.composition import default_config
from av_td3.config.difference import differences
from av_td3.config.experiment import Config
from av_td3.config.observation import Observation
from av_td3.config.schema import Schema
from av_td3.policies.policy import Policy
from av_td3.runs.config_file import config_to_resume
from av_td3.runs.evaluation_folder import EVALUATION_FILE, EVALUATIONS
from av_td3.runs.folder import TENSORBOARD
from av_td3.runs.provenance import read_provenance
from av_td3.runs.scalars import UnreadableLog, read_log
from av_td3.simulator.builtin_server import BuiltinSimulator

MEASURES = ("success", "route_completion", "driving_score", "reward")
FACTS = ("av-td3", "commit", "torch", "carla", "python", "system")  # of environment.json
STAND_IN = (
    "It was trained on the built-in simulator, whose physics and images are stand-ins for CARLA's. How it drives there says "
    "little about how it drives in CARLA, and nothing about a real car."
)
NOT_A_CAR = "It was trained in a simulator; it is not made for, and was never tested on, a real car."


def model_card(policy: Policy, form: str, file: str) -> str:
    """The model card as Markdown.

    Args:
        policy: that was exported.
        form: ``onnx`` or ``torchscript``.
        file: name of the exported file beside the card.

    """
    config = policy.config
    sections = [
        _introduction(policy, form, file),
        _inputs(config),
        _outputs(config),
        "## Evaluation\n\n" + _evaluation(policy.run),
        "## Code\n\n" + _code(policy.run),
        f"## Limitations\n\n{STAND_IN if isinstance(config.simulator, BuiltinSimulator) else NOT_A_CAR}",
        _config(policy.run),
    ]
    return "\n\n".join(sections) + "\n"


def _introduction(policy: Policy, form: str, file: str) -> str:
    config = policy.config
    facts = {
        "file": f"`{file}` ({form}, float32)",
        "algorithm": f"`{_name(config.algorithm)}`, network `{_name(config.network)}`, "
        f"gradient routing `{config.network.gradient_routing}`",
        "run": f"`{policy.run}`",
        "checkpoint": f"`{policy.checkpoint.name}`, environment step {policy.step} of {config.total_steps}",
        "seed": str(config.seed),
        "town": f"`{config.scenario.town}`",
        "simulator": f"`{_name(config.simulator)}`",
        "weights at the start": "fresh" if config.init_from is None else f"those of `{config.init_from}`",
    }
    return f"# {config.name}\n\nA policy that steers a car, exported by av-td3.\n\n" + _table(("", ""), facts.items())


def _inputs(config: Config) -> str:
    observation = config.observation
    rows = [("`vector`", "float32", f"(n, {observation.vector_size})")]
    if observation.cameras:
        channels, height, width = observation.image_shape
        rows.insert(0, ("`image`", "uint8", f"(n, {channels}, {height}, {width})"))
    labels = [(f"`{label}`", f"`{name}`") for name, entry in observation.vector.items() for label in entry.labels(name)]
    return "\n\n".join(
        [
            "## Inputs",
            _table(("name", "type", "shape"), rows),
            *(_image(observation) if observation.cameras else ()),
            f"`vector`: clipped to +-{observation.bound:g}.",
            _table(("index", "number", "entry"), ((str(index), *label) for index, label in enumerate(labels))),
            _table(("entry", "what it is", "keys"), _described(observation.vector)),
        ]
    )


def _image(observation: Observation) -> tuple[str, str]:
    _, height, width = observation.image_shape
    return (
        f"`image`: the newest {observation.stack} frames, oldest first; an episode begins with its first frame repeated. A "
        f"frame is {height} x {width} pixels, {observation.color}, the channels of all cameras one after the other. Pixels "
        "are the camera's, 0 to 255; the policy divides them by 255 itself.",
        _table(("camera", "what it is", "keys"), _described(observation.cameras)),
    )


def _outputs(config: Config) -> str:
    names = ", ".join(f"`{name}`" for name in config.action.names)
    meaning = " ".join((inspect.getdoc(type(config.action)) or "").partition("\nArgs:")[0].replace("``", "`").split())
    shape = f"(n, {config.action.size})"
    return f"## Outputs\n\n`action`: float32 {shape}, each component in [-1, 1]: {names}. `{_name(config.action)}`: {meaning}"


def _evaluation(run: Path) -> str:
    tables = [_logged(run)]
    for path in sorted(run.glob(f"{EVALUATIONS}/*/{EVALUATION_FILE}")):
        rows = _measured(path)
        if rows:
            tables.append(f"`{path.relative_to(run)}`:\n\n" + _table(("policy", *MEASURES), rows))
    return "\n\n".join(tables)


def _logged(run: Path) -> str:
    """The newest evaluation of the training run."""
    try:
        scalars = read_log(run / TENSORBOARD).scalars
    except (UnreadableLog, OSError):
        return "The log of the run cannot be read."
    found = {tag: series for tag, series in scalars.items() if tag.startswith(metrics.evaluation("")) and len(series.steps)}
    if not found:
        return "The run has logged no evaluation."
    rows = [(f"`{tag}`", f"{series.values[-1]:.4g}", str(series.steps[-1])) for tag, series in sorted(found.items())]
    return "The newest evaluation that the run has logged:\n\n" + _table(("tag", "value", "step"), rows)


def _measured(path: Path) -> list[tuple[str, ...]]:
    """Each policy of an evaluation and what it reached, with 95 % intervals; empty where that cannot be read."""
    try:
        content = json.loads(path.read_text())
        policies = content["summary"]["policies"]
        trained = {one["name"] for one in content["policies"] if one["driver"] == "policy"}
        shown = [one for one in policies if one["name"] in trained]
        return [(str(one["name"]), *(_with_interval(one["measures"][name]) for name in MEASURES)) for one in shown]
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return []


def _with_interval(measure: Mapping[str, Any]) -> str:
    mean, low, high = (measure.get(name) for name in ("mean", "low", "high"))
    if mean is None:
        return "not measured"
    return f"{mean:.3g}" if low is None or high is None else f"{mean:.3g} ({low:.3g} to {high:.3g})"


def _code(run: Path) -> str:
    provenance = read_provenance(run)
    facts = {name: str(provenance[name]) for name in FACTS if name in provenance}
    return _table(("", ""), facts.items()) if facts else "The run does not say which code it ran."


def _config(run: Path) -> str:
    content = config_to_resume(run)
    rows = [(f"`{key}`", default, value) for key, default, value in differences(default_config(), content)]
    changes = _table(("key", "default", "this run"), rows) if rows else "No difference to the defaults."
    return f"## Config\n\n{changes}\n\n```yaml\n{OmegaConf.to_yaml(OmegaConf.create(content))}```"


def _described(parts: Mapping[str, Schema]) -> Iterator[tuple[str, str, str]]:
    """Name, documentation and keys of each part of the observation."""
    for name, part in parts.items():
        keys = ", ".join(f"{key}={value}" for key, value in part.model_dump(mode="json").items())
        yield f"`{name}`", " ".join((inspect.getdoc(type(part)) or _name(part)).replace("``", "`").split()), keys


def _name(part: Schema) -> str:
    return type(part).__name__


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
