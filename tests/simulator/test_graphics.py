import dataclasses
import os

import pytest

from av_td3.machine.gpus import parse_nvidia_smi
from av_td3.simulator.graphics import (
    REPORTED_SERVER_MEMORY,
    VulkanDevice,
    choose_adapter,
    gpu_memory_shortage,
    parse_vulkaninfo,
    read_vulkan_devices,
)
from tests.machine import nvidia_smi_captures
from tests.simulator.vulkaninfo_captures import FIVE_DEVICES, LAPTOP, ONLY_LLVMPIPE, TWO_TITANS, WITHOUT_UUIDS

TITANS = parse_nvidia_smi(nvidia_smi_captures.TWO_TITANS)
(NVIDIA_OF_LAPTOP,) = parse_nvidia_smi(nvidia_smi_captures.LAPTOP)
RTX_2060 = dataclasses.replace(NVIDIA_OF_LAPTOP, uuid="GPU-0", name="NVIDIA GeForce RTX 2060")


def assert_unproved(adapter, reason):
    assert adapter.index is None
    assert reason in adapter.proof
    assert "set simulator.graphics_adapter" in adapter.proof
    assert "\n" not in adapter.proof


def test_devices_are_read_in_vulkans_order():
    assert parse_vulkaninfo(LAPTOP) == [
        VulkanDevice(0, "Intel(R) Graphics (RPL-S)", "868088a7-0400-0000-0002-000000000000", "INTEGRATED_GPU"),
        VulkanDevice(1, "NVIDIA GeForce RTX 4070 Laptop GPU", "7e611089-1272-699d-8985-ab84fef4311e", "DISCRETE_GPU"),
    ]
    assert [(device.index, device.kind, device.uuid) for device in parse_vulkaninfo(WITHOUT_UUIDS)] == [
        (0, "DISCRETE_GPU", ""),
        (1, "CPU", ""),
    ]


@pytest.mark.parametrize(
    "text", ["", "Cannot create Vulkan instance.\n", "GPU0:\n\tdeviceType         = PHYSICAL_DEVICE_TYPE_CPU\n"]
)
def test_other_text_lists_no_device(text):
    assert parse_vulkaninfo(text) == []


def test_devices_are_read_in_the_environment_of_the_server(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_vulkan_devices() == []
    cases = f'case "$VK_ICD_FILENAMES" in\nnvidia) text="{TWO_TITANS}";;\n*) text="{ONLY_LLVMPIPE}";;\nesac'
    script = f'#!/bin/sh\n[ "$*" = --summary ] || exit 2\n{cases}\necho "$text"\n'
    (tmp_path / "vulkaninfo").write_text(script)
    (tmp_path / "vulkaninfo").chmod(0o755)
    assert read_vulkan_devices() == parse_vulkaninfo(ONLY_LLVMPIPE)
    assert read_vulkan_devices(environment=os.environ | {"VK_ICD_FILENAMES": "nvidia"}) == parse_vulkaninfo(TWO_TITANS)
    for broken in (script + "exit 1\n", "#!/bin/sh\n/bin/sleep 60\n"):
        (tmp_path / "vulkaninfo").write_text(broken)
        assert read_vulkan_devices(timeout=1.0) == []


def test_same_gpus_in_another_order_are_told_apart_by_uuid():
    adapters = [choose_adapter(gpu, TITANS, parse_vulkaninfo(TWO_TITANS)) for gpu in TITANS]
    assert [adapter.index for adapter in adapters] == [1, 0]
    assert adapters[0].proof == "Vulkan device 1 has the UUID of GPU 0 (GPU-90b5d104-c751-0f3d-a02c-71711408661f)"


def test_the_integrated_gpu_of_a_laptop_counts():
    assert choose_adapter(NVIDIA_OF_LAPTOP, [NVIDIA_OF_LAPTOP], parse_vulkaninfo(LAPTOP)).index == 1


def test_a_gpu_that_is_listed_twice_has_its_first_index():
    devices = parse_vulkaninfo(LAPTOP)
    assert choose_adapter(NVIDIA_OF_LAPTOP, [NVIDIA_OF_LAPTOP], [*devices, dataclasses.replace(devices[1], index=2)]).index == 1


def test_without_uuids_the_only_gpu_of_its_name_is_known():
    assert choose_adapter(RTX_2060, [RTX_2060], parse_vulkaninfo(WITHOUT_UUIDS)).index == 0
    gtx_1650 = dataclasses.replace(RTX_2060, name="NVIDIA GeForce GTX 1650")
    adapter = choose_adapter(gtx_1650, [gtx_1650], parse_vulkaninfo(FIVE_DEVICES))
    assert adapter.index == 2
    assert adapter.proof == "Vulkan device 2 and GPU 0 are the only NVIDIA GeForce GTX 1650"


def test_without_uuids_gpus_of_one_name_are_not_told_apart():
    devices = [dataclasses.replace(device, uuid="") for device in parse_vulkaninfo(TWO_TITANS)]
    assert_unproved(choose_adapter(TITANS[0], TITANS, devices), "several GPUs are NVIDIA GeForce GTX TITAN X")
    assert_unproved(choose_adapter(TITANS[0], TITANS[:1], devices), "several GPUs")
    assert_unproved(choose_adapter(TITANS[0], TITANS, devices[:1]), "several GPUs")


def test_a_device_of_the_same_name_and_another_uuid_is_another_gpu():
    devices = parse_vulkaninfo(TWO_TITANS)[:1]
    assert_unproved(choose_adapter(TITANS[0], TITANS[:1], devices), "only 0 NVIDIA GeForce GTX TITAN X")


def test_a_software_renderer_is_no_gpu():
    adapter = choose_adapter(NVIDIA_OF_LAPTOP, [NVIDIA_OF_LAPTOP], parse_vulkaninfo(ONLY_LLVMPIPE))
    assert_unproved(adapter, "only a software renderer (llvmpipe (LLVM 15.0.7, 256 bits))")


def test_without_vulkaninfo_nothing_is_proved():
    assert_unproved(choose_adapter(NVIDIA_OF_LAPTOP, [NVIDIA_OF_LAPTOP], []), "vulkan-tools")


def test_a_gpu_without_room_for_a_server_is_warned_about():
    gpu = dataclasses.replace(NVIDIA_OF_LAPTOP, memory_total=8188, memory_used=8188 - REPORTED_SERVER_MEMORY)
    assert gpu_memory_shortage(gpu) is None
    warning = gpu_memory_shortage(dataclasses.replace(gpu, memory_used=gpu.memory_used + 1))
    assert warning.startswith("GPU 0 (NVIDIA GeForce RTX 4070 Laptop GPU): 4095 of 8188 MiB are free, and about 4096 MiB")
    assert "\n" not in warning
    assert gpu_memory_shortage(NVIDIA_OF_LAPTOP, needed_mib=8173) is None
    assert "about 8174 MiB" in gpu_memory_shortage(NVIDIA_OF_LAPTOP, needed_mib=8174)
