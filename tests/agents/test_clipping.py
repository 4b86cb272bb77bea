import math

import pytest
import torch
from torch import nn

from av_td3.agents.clipping import GradientClipper
from av_td3.agents.td3_config import GradientClipping


def parameters(scale):
    """Two modules of two tensors with known gradients."""
    generator = torch.Generator().manual_seed(0)
    modules = {"cnn": [nn.Parameter(torch.zeros(30, 4)), nn.Parameter(torch.zeros(7))], "mlp": [nn.Parameter(torch.zeros(50))]}
    for tensors in modules.values():
        for p in tensors:
            p.grad = scale * torch.randn(p.shape, generator=generator)
    return modules


def norm(tensors, p):
    """Computed another way: one vector, in float64."""
    return torch.linalg.vector_norm(torch.cat([t.grad.double().ravel() for t in tensors]), p).item()


def clipper(modules, max_norm=1.0, norm_type=2.0, scope="joint", enabled=True):
    config = GradientClipping(enabled=enabled, actor_max_norm=1.0, critic_max_norm=1.0, norm_type=norm_type, scope=scope)
    return GradientClipper(config, max_norm, modules)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, math.inf])
@pytest.mark.parametrize("scope", ["joint", "per_module"])
@pytest.mark.parametrize("scale", [1e-3, 10.0])
def test_norms_before_and_after_are_those_of_the_gradients(norm_type, scope, scale):
    modules = parameters(scale)
    everything = [t for tensors in modules.values() for t in tensors]
    wanted_before = {name: norm(tensors, norm_type) for name, tensors in modules.items()}
    whole_before = norm(everything, norm_type)
    report = clipper(modules, norm_type=norm_type, scope=scope)()
    assert report.before.total.item() == pytest.approx(whole_before, rel=1e-5)
    assert report.after.total.item() == pytest.approx(norm(everything, norm_type), rel=1e-5)
    for name, tensors in modules.items():
        limited = wanted_before[name] if scope == "per_module" else whole_before
        assert report.before.modules[name].item() == pytest.approx(wanted_before[name], rel=1e-5)
        assert report.after.modules[name].item() == pytest.approx(norm(tensors, norm_type), rel=1e-5)
        assert norm(tensors, norm_type) == pytest.approx(wanted_before[name] * min(1.0, 1.0 / limited), rel=1e-5)


def test_a_joint_norm_is_no_sum_of_norms():
    modules = parameters(10.0)
    report = clipper(modules)()
    assert report.after.total.item() == pytest.approx(1.0, rel=1e-5)
    assert sum(n.item() for n in report.after.modules.values()) > 1.2


def test_switched_off_it_measures_and_changes_nothing():
    modules = parameters(10.0)
    copies = [t.grad.clone() for tensors in modules.values() for t in tensors]
    report = clipper(modules, enabled=False)()
    assert report.after.total.item() == report.before.total.item() > 1.0
    assert report.exceeded.item() == 0.0
    assert all(torch.equal(t.grad, c) for t, c in zip((t for ts in modules.values() for t in ts), copies, strict=True))
