"""The optimizer of one network: backward, clip and measure the gradients, and step unless a gradient is non-finite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from av_td3 import metrics
from av_td3.agents.clipping import ClipReport, GradientClipper
from av_td3.agents.td3_config import TD3Config

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


@dataclass(frozen=True)
class OptimizerStats:
    """What one step did. Tensors are scalars on the device of the network.

    Attributes:
        clip: gradient norms before and after the clip.
        finite: bool; False where a gradient or the loss was non-finite and the step was skipped.
        non_finite_in_a_row: skipped steps up to and including this one.
        update_ratios: |step| / |weights| by tag of the module; empty where it was not measured.

    """

    clip: ClipReport
    finite: torch.Tensor
    non_finite_in_a_row: torch.Tensor
    update_ratios: dict[str, torch.Tensor]


class ClippedOptimizer:
    """Trains the modules of one network, each with its own learning rate.

    Args:
        config: optimizer, weight decay and clipping.
        max_norm: the clip norm of this network.
        modules: its parameters by the name of their module.
        rates: learning rate by the name of the module.

    """

    def __init__(self, config: TD3Config, max_norm: float, modules: dict[str, list[nn.Parameter]], rates: Mapping[str, float]):
        self.modules = modules
        self._parameters = [p for parameters in modules.values() for p in parameters]
        self._rates = [rates[name] for name in modules]
        groups = [{"params": parameters, "lr": rates[name]} for name, parameters in modules.items()]
        # Fused: the whole step is one pass over the weights, and it can be skipped on the device.
        self.optimizer = OPTIMIZERS[config.optimizer](groups, weight_decay=config.weight_decay, fused=True)
        self._clip = GradientClipper(config.gradient_clipping, max_norm, modules)
        self._non_finite_in_a_row = torch.zeros((), device=self._parameters[0].device)

    def scale_rates(self, factor: float) -> None:
        """Set every learning rate to this share of the configured one."""
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            group["lr"] = factor * rate

    def minimize(self, loss: torch.Tensor, *, measure_update_ratio: bool) -> OptimizerStats:
        """Take one step down the gradient of a scalar loss. Gradients reach this network's parameters and no others."""
        self.optimizer.zero_grad()
        loss.backward(inputs=self._parameters)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            clip = self._clip()
            finite = torch.isfinite(clip.before.total) & torch.isfinite(loss)
            self._non_finite_in_a_row = (self._non_finite_in_a_row + 1.0) * ~finite
            before = [p.clone() for p in self._parameters] if measure_update_ratio else []
            self._step_where(finite)
            ratios = self._update_ratios(before) if measure_update_ratio else {}
        return OptimizerStats(clip, finite, self._non_finite_in_a_row, ratios)

    def _step_where(self, finite: torch.Tensor) -> None:
        """Step where ``finite``, else leave weights and moments as they are, without a host synchronization.

        Fused optimizers read this attribute for torch.amp.GradScaler, which skips steps after an overflow in the same way.
        """
        self.optimizer.found_inf = (~finite).float()
        self.optimizer.step()

    def _update_ratios(self, before: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        remaining, ratios = list(before), {}
        for name, parameters in self.modules.items():
            old, remaining = remaining[: len(parameters)], remaining[len(parameters) :]
            change = torch._foreach_sub([p.detach() for p in parameters], old)
            ratios[metrics.update_ratio(name)] = _norm(change) / _norm(old)
        return ratios

    def state_dict(self) -> dict[str, object]:
        """The optimizer's moments, and how many steps in a row were skipped."""
        return {"optimizer": self.optimizer.state_dict(), "non_finite_in_a_row": self._non_finite_in_a_row}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Restore what ``state_dict`` returned."""
        self.optimizer.load_state_dict(state["optimizer"])
        self._non_finite_in_a_row.copy_(state["non_finite_in_a_row"])  # type: ignore[arg-type]


def _norm(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    norm: torch.Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(list(tensors))))
    return norm
