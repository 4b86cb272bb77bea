"""NVIDIA GPUs: which of them CUDA uses, on which of them CARLA would render, and their memory."""

import math
from collections.abc import Iterator, Mapping, Sequence

from av_td3.config.simulator import Simulator
from av_td3.doctor.check import Check, ok, problem, warning
from av_td3.machine.gpus import Gpu, UnknownGpuOrder, read_gpus, visible_gpus
from av_td3.simulator.builtin_server import BuiltinSimulator
from av_td3.simulator.external_server import ExternalSimulator
from av_td3.simulator.graphics import REPORTED_SERVER_MEMORY, choose_adapter, gpu_memory_shortage, read_vulkan_devices

ONE_ADAPTER = "two CARLA servers on different GPUs of one node crash for some users (carla-simulator/carla#7329)"


def starts_carla(simulator: Simulator) -> bool:
    """Whether the run starts CARLA itself, which renders on a GPU of this machine."""
    return not isinstance(simulator, BuiltinSimulator | ExternalSimulator)


def check_gpus(servers: int, environment: Mapping[str, str]) -> Iterator[Check]:
    """GPUs in CUDA's order, and the graphics adapter and the free memory of each.

    Args:
        servers: number of CARLA servers that the run starts on this machine.
        environment: variables of the run.

    """
    listed = read_gpus()
    try:
        gpus = visible_gpus(listed, environment)
    except UnknownGpuOrder as error:
        found, _, remedy = str(error).partition("; ")
        yield warning("GPUs", found, remedy)
        return
    if not gpus:
        yield from _without_gpu(listed, servers)
        return
    yield ok("GPUs", "; ".join(f"cuda:{number} is {_described(gpu)}" for number, gpu in enumerate(gpus)))
    if servers:
        yield from _check_rendering(gpus, listed, servers)


def _without_gpu(listed: Sequence[Gpu], servers: int) -> Iterator[Check]:
    hidden = f"CUDA_VISIBLE_DEVICES hides all {len(listed)}" if listed else "nvidia-smi shows none"
    if servers:
        yield problem("GPUs", f"{hidden}, and CARLA renders on a GPU", "run on a node with a GPU, or use simulator=builtin")
    else:
        yield ok("GPUs", hidden)


def _check_rendering(gpus: Sequence[Gpu], listed: Sequence[Gpu], servers: int) -> Iterator[Check]:
    """The adapter and the memory of each GPU that servers share."""
    devices = read_vulkan_devices()
    needed = REPORTED_SERVER_MEMORY * math.ceil(servers / len(gpus))
    for gpu in gpus[:servers]:
        adapter = choose_adapter(gpu, listed, devices)
        if adapter.index is None:
            yield warning("graphics adapter", f"of GPU {gpu.index}: unknown", adapter.proof)
        else:
            yield ok("graphics adapter", f"{adapter.index}: {adapter.proof}")
        shortage = gpu_memory_shortage(gpu, needed)
        if shortage is not None:
            found, _, remedy = shortage.partition("; ")
            yield warning("GPU memory", found, remedy)
    if min(servers, len(gpus)) > 1:
        yield warning("several GPUs", ONE_ADAPTER, "if they do: hardware.num_envs=1, and a run per GPU")


def _described(gpu: Gpu) -> str:
    free = gpu.memory_total - gpu.memory_used
    return f"GPU {gpu.index}, {gpu.name} at {gpu.pci}, {free} of {gpu.memory_total} MiB free"
