"""The GPU of each server, from what nvidia-smi and vulkaninfo printed on real machines."""

import pytest

from av_td3.simulator.gpu_choice import choose_gpu, unknown_adapter
from tests.machine import nvidia_smi_captures
from tests.simulator import vulkaninfo_captures


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose programs print these texts."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)

    def build(nvidia_smi, vulkaninfo):
        for name, text in (("nvidia-smi", nvidia_smi), ("vulkaninfo", vulkaninfo)):
            (tmp_path / f"{name}.txt").write_text(text)
            script = tmp_path / name
            script.write_text(f"#!/bin/sh\ncat {tmp_path}/{name}.txt\necho $VK_ICD_FILENAMES > {tmp_path}/{name}.environment\n")
            script.chmod(0o755)
        return tmp_path

    return build


def test_servers_are_spread_over_the_gpus_from_the_last_one_on(machine):
    """CUDA's first GPU, where the learner is, comes last. On this machine Vulkan counts the two the other way round."""
    machine(nvidia_smi_captures.TWO_TITANS, vulkaninfo_captures.TWO_TITANS)
    choices = [choose_gpu(env_index, {}) for env_index in range(3)]
    assert [choice.adapter for choice in choices] == [0, 1, 0]
    assert choices[0].warnings == []


def test_only_what_cuda_shows_to_this_process_is_used(machine, monkeypatch):
    machine(nvidia_smi_captures.TWO_TITANS, vulkaninfo_captures.TWO_TITANS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert [choose_gpu(env_index, {}).adapter for env_index in range(2)] == [1, 1]


def test_where_the_order_cannot_be_proved_the_driver_chooses_and_it_is_said(machine, monkeypatch):
    machine(nvidia_smi_captures.THREE_OF_TWO_MODELS, vulkaninfo_captures.TWO_TITANS)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    adapter, (warning,) = choose_gpu(0, {})
    assert adapter is None
    assert warning.startswith("the driver chooses the GPU of CARLA: ")
    assert "CUDA_DEVICE_ORDER=PCI_BUS_ID" in warning
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    adapter, warnings = choose_gpu(0, {})
    assert adapter is None
    assert "simulator.graphics_adapter" in warnings[-1]


def test_without_a_gpu_it_is_said(machine):
    machine("", vulkaninfo_captures.ONLY_LLVMPIPE)
    assert choose_gpu(0, {}) == (None, ["nvidia-smi lists no GPU that this process may use: CARLA needs one to render"])


def test_a_gpu_that_is_full_is_warned_about(machine):
    full = nvidia_smi_captures.LAPTOP.replace(", 15", ", 8000")
    machine(full, vulkaninfo_captures.LAPTOP)
    adapter, warnings = choose_gpu(0, {})
    assert adapter == 1
    assert "188 of 8188 MiB are free" in warnings[0]


def test_vulkan_is_asked_with_the_environment_of_the_server(machine):
    folder = machine(nvidia_smi_captures.LAPTOP, vulkaninfo_captures.LAPTOP)
    choose_gpu(0, {"VK_ICD_FILENAMES": "/etc/nvidia_icd.json"})
    assert (folder / "vulkaninfo.environment").read_text() == "/etc/nvidia_icd.json\n"


def test_an_index_that_vulkan_does_not_list_is_warned_about(machine):
    machine(nvidia_smi_captures.TWO_TITANS, vulkaninfo_captures.TWO_TITANS)
    assert [unknown_adapter(index, {}) for index in (0, 1)] == [None, None]
    assert unknown_adapter(2, {}).startswith("simulator.graphics_adapter=2: vulkaninfo lists only 0 ")
    machine("", "")  # not known
    assert unknown_adapter(2, {}) is None
