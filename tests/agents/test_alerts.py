import pytest
import torch

from av_td3.agents.alerts import AlertCounter
from av_td3.agents.clipping import ClipReport, Norms


@pytest.mark.parametrize(("tolerance", "raised"), [(0.5, False), (1e-3, True)])
def test_a_norm_a_fifth_above_its_limit_is_a_violation_where_the_tolerance_is_smaller(compose_config, tolerance, raised):
    counter = AlertCounter(compose_config(f"alerts.clip_tolerance={tolerance}").alerts)
    norm = torch.tensor([1.2])
    norms = Norms(norm, {"actor_cnn": norm, "actor_mlp": norm})
    alerts = counter.gradients("actor", ClipReport(norms, norms, exceeded=norm), finite=torch.tensor([True]))
    assert bool(alerts["alerts/clip_violation"]) is raised
