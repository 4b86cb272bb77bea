"""Which GPU the server of an environment renders on."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from av_td3.machine.gpus import UnknownGpuOrder, read_gpus, visible_gpus
from av_td3.simulator.graphics import choose_adapter, gpu_memory_shortage, read_vulkan_devices


class GpuChoice(NamedTuple):
    """A GPU for one server.

    Attributes:
        adapter: its index in Vulkan's order; None leaves the choice to the driver.
        warnings: a line each.

    """

    adapter: int | None
    warnings: list[str]


def unknown_adapter(index: int, environment: Mapping[str, str]) -> str | None:
    """A warning about an index that Vulkan lists no device for: CARLA would quietly use device 0.

    Args:
        index: in Vulkan's order.
        environment: variables that the server gets in addition to those of this process.

    """
    devices = read_vulkan_devices(environment={**os.environ, **environment})
    if not devices or index in [device.index for device in devices]:
        return None
    listed = ", ".join(f"{device.index} {device.name}" for device in devices)
    return f"simulator.graphics_adapter={index}: vulkaninfo lists only {listed}; CARLA takes device 0 for one that is not there"


def choose_gpu(env_index: int, environment: Mapping[str, str]) -> GpuChoice:
    """Spread servers over the GPUs that CUDA shows to this process, from the last one on: the learner is on the first.

    Args:
        env_index: of the environment that the server is for.
        environment: variables that the server gets in addition to those of this process.

    """
    gpus = read_gpus()
    try:
        visible = visible_gpus(gpus, os.environ)
    except UnknownGpuOrder as error:
        return GpuChoice(None, [f"the driver chooses the GPU of CARLA: {error}"])
    if not visible:
        return GpuChoice(None, ["nvidia-smi lists no GPU that this process may use: CARLA needs one to render"])
    gpu = visible[-1 - env_index % len(visible)]
    adapter = choose_adapter(gpu, gpus, read_vulkan_devices(environment={**os.environ, **environment}))
    shortage = gpu_memory_shortage(gpu)
    warnings = [] if shortage is None else [shortage]
    if adapter.index is None and len(gpus) > 1:
        warnings.append(f"the driver chooses the GPU of CARLA: {adapter.proof}")
    return GpuChoice(adapter.index, warnings)
