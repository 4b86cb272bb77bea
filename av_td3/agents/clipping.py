"""Gradient norms, and clipping of gradients by their norm (Pascanu et al. 2013, arXiv:1211.5063).

The norm of a module is one p-norm over all its gradients, never a sum of per-tensor norms. What is reported as AFTER is
measured again on the gradients that the optimizer will see.
"""

from dataclasses import dataclass

import torch
from torch import nn

from av_td3.agents.td3_config import GradientClipping

ROUND_DOWN = 1.0 - 2.0**-21  # so that float32 rounding (2e-7 of a norm) never lifts a clipped norm above the limit
TINY = 1e-12  # keeps the division defined where a gradient is zero


@dataclass(frozen=True)
class Norms:
    """Gradient norms of one network and of each of its modules: scalar float64 tensors."""

    total: torch.Tensor
    modules: dict[str, torch.Tensor]


@dataclass(frozen=True)
class ClipReport:
    """Norms before and after a clip. ``exceeded``: norm after it over limit, above 1 in a violation; 0 with clipping off."""

    before: Norms
    after: Norms
    exceeded: torch.Tensor


class GradientClipper:
    """Clips the gradients of one network.

    Args:
        config: whether, over which scope and by which p-norm to clip.
        max_norm: the limit.
        modules: the network's parameters by the name of their module.

    """

    def __init__(self, config: GradientClipping, max_norm: float, modules: dict[str, list[nn.Parameter]]):
        self._enabled = config.enabled
        self._norm_type = config.norm_type
        self._per_module = config.scope == "per_module"
        self._max_norm = max_norm
        self._modules = modules

    def __call__(self) -> ClipReport:
        """Scale the gradients in place. To be called after backward and before the optimizer's step."""
        gradients = {name: [p.grad for p in parameters if p.grad is not None] for name, parameters in self._modules.items()}
        before = self._measure(gradients)
        if not self._enabled:
            return ClipReport(before, before, torch.zeros_like(before.total))
        for name, tensors in gradients.items():
            norm = before.modules[name] if self._per_module else before.total
            torch._foreach_mul_(tensors, torch.clamp(self._max_norm * ROUND_DOWN / (norm + TINY), max=1.0).float())
        after = self._measure(gradients)
        limited = torch.stack(list(after.modules.values())).max() if self._per_module else after.total
        return ClipReport(before, after, limited / self._max_norm)

    def _measure(self, gradients: dict[str, list[torch.Tensor]]) -> Norms:
        modules = {name: self._norm(tensors) for name, tensors in gradients.items()}
        return Norms(self._combine(torch.stack(list(modules.values()))), modules)

    def _norm(self, tensors: list[torch.Tensor]) -> torch.Tensor:
        """One norm over all gradients of a module: over each row in float32, over all rows in float64.

        In float32 throughout, the norm of a linear layer of 3136 inputs would be 5e-5 off.
        """
        rows = [torch.linalg.vector_norm(t.flatten(1) if t.dim() > 1 else t[None], self._norm_type, dim=1) for t in tensors]
        return self._combine(torch.cat(rows).double())

    def _combine(self, norms: torch.Tensor) -> torch.Tensor:
        """The p-norm of all gradients from the p-norms of parts of them."""
        total: torch.Tensor = torch.linalg.vector_norm(norms, self._norm_type)
        return total
