"""The GPU on which a CARLA server renders.

Unreal Engine 4.24 to 4.27 takes the N of ``-graphicsadapter=N`` as an index into ``vkEnumeratePhysicalDevices``, integrated
GPUs and software renderers counted, and uses device 0 where N is too large (``SelectAndInitDevice`` in VulkanRHI.cpp; CARLA
0.9.12 to 0.9.16 are built on 4.26). ``vulkaninfo --summary`` prints that order (github.com/ggml-org/llama.cpp/pull/5321), which
is not ``nvidia-smi``'s (github.com/NVIDIA/IsaacTeleop/issues/331) and does not heed ``CUDA_VISIBLE_DEVICES``. NVIDIA's driver
gives a GPU the same UUID in both (github.com/iree-org/iree/pull/9457).

What users report of CARLA: #4698, the server runs on GPU N and takes a few MB of the first one as well; #6247, #9393, #9040, it
uses one and the same GPU, whatever N is or the container was given, and nobody found out why; #7329, two servers on two GPUs of
a node crash; #2232, naming NVIDIA's driver in VK_ICD_FILENAMES helps where another driver is used instead.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from av_td3.machine.gpus import Gpu
from av_td3.machine.program_output import program_output

# 4,058 MiB with CARLA 0.9.12 (CARLA #4698), 3,500 MiB (github.com/zhejz/carla-roach/issues/40), at least 3 GB
# (github.com/ucd-dare/CarDreamer/issues/21). CARLA's own documentation asks for a GPU of 6 to 8 GB.
REPORTED_SERVER_MEMORY = 4096  # MiB
SET_IT = "set simulator.graphics_adapter"


@dataclass(frozen=True)
class VulkanDevice:
    """A device that Vulkan lists.

    Args:
        index: in ``vkEnumeratePhysicalDevices``.
        name: of the model.
        uuid: ``deviceUUID``; empty where ``vulkaninfo`` is too old to print it.
        kind: ``DISCRETE_GPU``, ``INTEGRATED_GPU``, ``VIRTUAL_GPU``, ``CPU`` or ``OTHER``.

    """

    index: int
    name: str
    uuid: str
    kind: str


@dataclass(frozen=True)
class Adapter:
    """The N of ``-graphicsadapter=N``.

    Args:
        index: None where it cannot be proved.
        proof: one line: how it is known, or why it is not and what to do.

    """

    index: int | None
    proof: str


def read_vulkan_devices(timeout: float = 10.0, environment: Mapping[str, str] | None = None) -> list[VulkanDevice]:
    """Devices that ``vulkaninfo`` lists; none where it is missing, fails, or needs longer than ``timeout`` seconds.

    Args:
        timeout: seconds.
        environment: of the server, because DISPLAY, VK_ICD_FILENAMES and MESA_VK_DEVICE_SELECT change the order. What a server
            in a container sees can differ all the same, because its image has a Vulkan loader of its own.

    """
    return parse_vulkaninfo(program_output(("vulkaninfo", "--summary"), timeout=timeout, environment=environment))


def parse_vulkaninfo(text: str) -> list[VulkanDevice]:
    """Devices in the output of ``vulkaninfo --summary``; those without a name are left out."""
    devices: dict[int, dict[str, str]] = {}
    values: dict[str, str] = {}
    for line in text.splitlines():
        if header := re.fullmatch(r"\s*GPU(\d+):\s*", line):
            values = devices.setdefault(int(header[1]), {})
        elif " = " in line:
            key, value = line.split(" = ", 1)
            values[key.strip()] = value.strip()
    return [
        VulkanDevice(
            index,
            values["deviceName"],
            values.get("deviceUUID", "").lower(),
            values.get("deviceType", "OTHER").removeprefix("PHYSICAL_DEVICE_TYPE_"),
        )
        for index, values in devices.items()
        if "deviceName" in values
    ]


def choose_adapter(gpu: Gpu, gpus: Sequence[Gpu], devices: Sequence[VulkanDevice]) -> Adapter:
    """Find the index that makes a CARLA server render on a GPU.

    Args:
        gpu: to render on.
        gpus: all that ``nvidia-smi`` lists.
        devices: all that Vulkan lists to the server.

    """
    if not devices:
        return Adapter(None, f"vulkaninfo lists no device: install it (package vulkan-tools), or {SET_IT}")
    if all(device.kind == "CPU" for device in devices):
        return Adapter(
            None,
            f"Vulkan lists only a software renderer ({devices[0].name}): install NVIDIA's Vulkan driver, name it in "
            f"VK_ICD_FILENAMES, give a container --nv or NVIDIA_DRIVER_CAPABILITIES=all, or {SET_IT}",
        )
    same = [device for device in devices if device.uuid == gpu.uuid.removeprefix("GPU-").lower()]
    if same:  # a driver that is installed twice lists its GPUs twice
        return Adapter(same[0].index, f"Vulkan device {same[0].index} has the UUID of GPU {gpu.index} ({gpu.uuid})")
    named = [device for device in devices if device.name == gpu.name and not device.uuid]
    if len(named) == 1 and [other.name for other in gpus].count(gpu.name) == 1:
        return Adapter(named[0].index, f"Vulkan device {named[0].index} and GPU {gpu.index} are the only {gpu.name}")
    if named:
        return Adapter(
            None,
            f"vulkaninfo prints no UUID, and several GPUs are {gpu.name}: install newer vulkan-tools, or {SET_IT}",
        )
    listed = ", ".join(f"{device.index} {device.name}" for device in devices)
    return Adapter(None, f"no Vulkan device has the UUID of GPU {gpu.index} ({gpu.uuid}), only {listed}: {SET_IT}")


def gpu_memory_shortage(gpu: Gpu, needed_mib: int = REPORTED_SERVER_MEMORY) -> str | None:
    """Check that what will run on a GPU fits into its free memory.

    Args:
        gpu: as it is now.
        needed_mib: MiB, of all servers that will render on it, and of the learner where it shares it.

    Returns:
        A warning of one line, or None.

    """
    free = gpu.memory_total - gpu.memory_used
    if free >= needed_mib:
        return None
    return (
        f"GPU {gpu.index} ({gpu.name}): {free} of {gpu.memory_total} MiB are free, and about {needed_mib} MiB are needed; "
        "stop what else runs on it (nvidia-smi lists it), use another, or start fewer servers per GPU"
    )
