"""One network's step: backward, gradients clipped and measured, and the step taken unless a gradient is no number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from av_td3 import metrics
from av_td3.agents.clipping import ClipReport, GradientClipper
from av_td3.agents.td3_config import TD3Config

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


@dataclass(frozen=True)
class StepReport:
    """What a step did. Tensors have no dimensions."""

    clip: ClipReport
    finite: torch.Tensor  # bool; False: the step was skipped
    non_finite_in_a_row: torch.Tensor  # skipped steps up to this one
    update_ratios: dict[str, torch.Tensor]  # |step| / |weights| by module, where asked for


class NetworkStep:
    """Trains the modules of one network, each with its own learning rate."""

    def __init__(self, config: TD3Config, max_norm: float, modules: dict[str, list[nn.Parameter]], rates: Mapping[str, float]):
        self.modules = modules
        self._parameters = [p for parameters in modules.values() for p in parameters]
        groups = [{"params": parameters, "lr": rates[name]} for name, parameters in modules.items()]
        # Fused: the whole step is one pass over the weights, and it can be skipped on the device.
        self.optimizer = OPTIMIZERS[config.optimizer](groups, weight_decay=config.weight_decay, fused=True)
        self._clip = GradientClipper(config.gradient_clipping, max_norm, modules)
        self._non_finite_in_a_row = torch.zeros((), device=self._parameters[0].device)

    def __call__(self, loss: torch.Tensor, *, measure_update: bool) -> StepReport:
        """Minimise ``loss`` by one step. Gradients reach this network's parameters and no others."""
        self.optimizer.zero_grad()
        loss.backward(inputs=self._parameters)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            clip = self._clip()
            finite = torch.isfinite(clip.before.total) & torch.isfinite(loss)
            self._non_finite_in_a_row = (self._non_finite_in_a_row + 1.0) * ~finite
            before = [p.clone() for p in self._parameters] if measure_update else []
            self._step_where(finite)
            ratios = self._ratios(before) if measure_update else {}
        return StepReport(clip, finite, self._non_finite_in_a_row, ratios)

    def _step_where(self, finite: torch.Tensor) -> None:
        """Step where ``finite``, else leave weights and moments as they are, without asking the device which it is.

        Fused optimizers read this attribute for the sake of torch.amp.GradScaler, which finds overflows the same way.
        """
        self.optimizer.found_inf = (~finite).float()
        self.optimizer.step()

    def _ratios(self, before: list[torch.Tensor]) -> dict[str, torch.Tensor]:
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
        """Take over a state written by ``state_dict``."""
        self.optimizer.load_state_dict(state["optimizer"])
        self._non_finite_in_a_row.copy_(state["non_finite_in_a_row"])  # type: ignore[arg-type]


def _norm(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    norm: torch.Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(list(tensors))))
    return norm
