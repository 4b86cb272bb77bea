import os

import pytest
import torch

from av_td3.agents import compute
from av_td3.doctor import compute_checks
from av_td3.doctor.check import State, results
from av_td3.doctor.compute_checks import check_compute, check_device, check_precision, check_threads
from tests.machine.nvidia_smi_captures import LAPTOP


@pytest.fixture(autouse=True)
def idle(monkeypatch):
    """A machine on which nothing else runs."""
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    return monkeypatch


def test_a_config_that_fits_the_machine_is_ok(compose_config):
    found = list(check_compute(compose_config("hardware=cpu", "hardware.threads=1")))
    assert [check.name for check in found] == ["configuration", "device", "precision", "cores"]
    assert {check.state for check in found} == {State.OK}


@pytest.mark.parametrize("override", ["hardware.device=cuda:77", "hardware.threads=1024", "scenario.town=Nowhere"])
def test_what_would_end_a_run_at_its_start_is_a_problem(compose_config, override):
    (found,) = results("configuration", check_compute, compose_config(override))
    assert found.state is State.PROBLEM
    assert override in found.text


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU that torch can use")
def test_a_gpu_that_torch_cannot_use_is_a_warning(compose_config, install):
    install("nvidia-smi", LAPTOP)
    (automatic,) = check_device(compose_config().hardware)
    (chosen,) = check_device(compose_config("hardware=cpu").hardware)
    assert (automatic.state, chosen.state) == (State.WARNING, State.OK)


def test_emulated_bf16_is_a_warning(compose_config, monkeypatch):
    monkeypatch.setattr(compute, "NATIVE_BF16_FLAGS", set())
    (emulated,) = check_precision(compose_config("hardware=cpu", "hardware.precision=bf16").hardware)
    assert (emulated.state, emulated.remedy) == (State.WARNING, "hardware.precision=auto")
    (chosen,) = check_precision(compose_config("hardware=cpu").hardware)
    assert (chosen.state, chosen.text) == (State.OK, "fp32")


def test_more_threads_than_cores_are_a_warning(compose_config):
    cores = len(os.sched_getaffinity(0))
    (found,) = check_threads(compose_config(f"hardware.threads={cores + 1}").hardware)
    assert found.state is State.WARNING
    assert found.numbers["threads"] == cores + 1


def test_more_environments_than_cores_are_a_warning(compose_config):
    (found,) = check_threads(compose_config("hardware.num_envs=128", "hardware.threads=1").hardware)
    assert found.state is State.WARNING
    assert "128 environments" in found.text


def test_cores_that_other_programs_use_are_a_warning(compose_config, idle):
    cores = os.cpu_count()
    idle.setattr(compute_checks, "usable_cores", lambda: cores)
    hardware = compose_config(f"hardware.threads={cores}").hardware
    assert [check.state for check in check_threads(hardware)] == [State.OK]
    idle.setattr(os, "getloadavg", lambda: (1.4, 0.0, 0.0))
    (found,) = check_threads(hardware)
    assert found.state is State.WARNING
    assert "1.4 busy" in found.text


def test_the_load_of_a_machine_of_which_only_a_part_may_be_used_says_nothing(compose_config, idle):
    idle.setattr(os, "cpu_count", lambda: 256)
    idle.setattr(os, "getloadavg", lambda: (200.0, 0.0, 0.0))
    assert [check.state for check in check_threads(compose_config("hardware.threads=1").hardware)] == [State.OK]
