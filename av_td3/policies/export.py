"""Writes a policy to a file that other programs run without this package: TorchScript or ONNX."""

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from av_td3.agents.agent import ExportableAgent
from av_td3.config.errors import ConfigError
from av_td3.policies.model_card import model_card
from av_td3.policies.policy import Policy
from av_td3.runs.files import write_atomically

MODEL_CARD = "model_card.md"
OUTPUT = "action"
TRACED = 2  # observations; the size of a batch stays free


class Format(NamedTuple):
    """A file format: name of the file, the packages that write it, and what writes it."""

    file: str
    packages: tuple[str, ...]
    write: Callable[[nn.Module, dict[str, torch.Tensor]], bytes]


def export_policy(policy: Policy, form: str, folder: Path) -> list[Path]:
    """Write a policy and its model card.

    Args:
        policy: whose agent has ``policy_module``.
        form: ``onnx`` or ``torchscript``.
        folder: to write to; it is created if needed.

    Returns:
        The written files: the policy, and the model card.

    Raises:
        ConfigError: the agent cannot be exported, or a package is not installed.
        OSError: they cannot be written.

    """
    chosen = FORMATS[form]
    missing = [package for package in chosen.packages if find_spec(package) is None]
    if missing:
        raise ConfigError(f"format={form}: requires {', '.join(missing)}: pip install 'av-td3[export]'")
    with _quiet(), torch.no_grad():
        content = chosen.write(_module(policy), _example(policy))
    folder.mkdir(parents=True, exist_ok=True)
    written, card = folder / chosen.file, folder / MODEL_CARD
    text = model_card(policy, form, chosen.file)
    write_atomically(written, lambda file: file.write(content))
    write_atomically(card, lambda file: file.write(text.encode()))
    return [written, card]


def _module(policy: Policy) -> nn.Module:
    if not isinstance(policy.agent, ExportableAgent):
        kind = type(policy.config.algorithm)
        raise ConfigError(
            f"{policy.run}: the agent of algorithm._target_={kind.__module__}.{kind.__qualname__} has no policy_module, which "
            "export needs; av_td3/agents/agent.py describes it"
        )
    return policy.agent.policy_module()


def _example(policy: Policy) -> dict[str, torch.Tensor]:
    """Inputs of the exported policy by name, in the order of the module's arguments."""
    observation = policy.config.observation
    vector = {"vector": torch.zeros(TRACED, observation.vector_size)}
    if not observation.cameras:
        return vector
    return {"image": torch.zeros((TRACED, *observation.image_shape), dtype=torch.uint8)} | vector


def _torchscript(module: nn.Module, example: dict[str, torch.Tensor]) -> bytes:
    content = io.BytesIO()
    torch.jit.save(torch.jit.trace(module, tuple(example.values())), content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def _onnx(module: nn.Module, example: dict[str, torch.Tensor]) -> bytes:
    any_number = tuple({0: torch.export.Dim.DYNAMIC} for _ in example)
    program = torch.onnx.export(
        module,
        tuple(example.values()),
        dynamo=True,
        verbose=False,
        input_names=tuple(example),
        output_names=(OUTPUT,),
        dynamic_shapes=any_number,
    )
    assert program is not None
    return bytes(program.model_proto.SerializeToString())


FORMATS = {
    "onnx": Format("policy.onnx", ("onnx", "onnxscript"), _onnx),
    "torchscript": Format("policy.pt", (), _torchscript),
}


@contextmanager
def _quiet() -> Iterator[None]:
    """Without PyTorch's remarks on its own exporters: torch.jit is deprecated, and the one for ONNX misses torchvision."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
