"""NVIDIA GPUs: which of them CUDA uses, on which of them CARLA will render, and their memory."""

import math
from collections.abc import Iterator, Mapping, Sequence

from av_td3.config.simulator import Simulator
from av_td3.doctor.check import Check, ok, parts, warning
from av_td3.machine.gpus import Gpu, UnknownGpuOrder, read_gpus, visible_gpus
from av_td3.simulator.graphics import REPORTED_SERVER_MEMORY, choose_adapter, gpu_memory_shortage, read_vulkan_devices
from av_td3.simulator.started_carla import StartedCarla


def check_gpus(simulator: Simulator, num_envs: int, environment: Mapping[str, str]) -> Iterator[Check]:
    """GPUs in CUDA's order; where the run starts CARLA, also the graphics adapter and the free memory of each.

    Args:
        simulator: the section of the configuration.
        num_envs: number of environments, each with a server of its own.
        environment: variables of the run.

    """
    listed = read_gpus()
    try:
        gpus = visible_gpus(listed, environment)
    except UnknownGpuOrder as error:
        yield warning("GPUs", *parts(str(error)))
        return
    renders = isinstance(simulator, StartedCarla)
    if gpus:
        yield ok("GPUs", "; ".join(f"cuda:{number} is {_described(gpu)}" for number, gpu in enumerate(gpus)))
    elif renders:
        yield warning(
            "GPUs",
            f"{_none(listed)}, and CARLA renders on a GPU",
            "use a machine with one, or simulator=builtin; a GPU of another maker may do, and is not checked",
        )
    else:
        yield ok("GPUs", _none(listed))
    if gpus and isinstance(simulator, StartedCarla):
        yield from _check_rendering(simulator, num_envs, gpus, listed, environment)


def _check_rendering(
    simulator: StartedCarla, servers: int, gpus: Sequence[Gpu], listed: Sequence[Gpu], environment: Mapping[str, str]
) -> Iterator[Check]:
    """Servers are spread over the GPUs from the last one on (simulator/gpu_choice.py)."""
    if simulator.graphics_adapter != "auto":
        yield ok("graphics adapter", f"simulator.graphics_adapter={simulator.graphics_adapter}, as configured")
        return
    devices = read_vulkan_devices(environment={**environment, **simulator.environment})
    rendering = gpus[::-1][:servers]
    for gpu in rendering:
        adapter = choose_adapter(gpu, listed, devices)
        if adapter.index is None:
            found, _, remedy = adapter.proof.partition(": ")
            yield warning("graphics adapter", f"for GPU {gpu.index} unknown: {found}", remedy)
        else:
            yield ok("graphics adapter", f"{adapter.index} for GPU {gpu.index}: {adapter.proof}")
        shortage = gpu_memory_shortage(gpu, REPORTED_SERVER_MEMORY * math.ceil(servers / len(gpus)))
        if shortage is not None:
            yield warning("GPU memory", *parts(shortage))
    if len(rendering) > 1:
        yield warning(
            "several GPUs",
            f"{len(rendering)} of them will render, which crashes for some users (carla-simulator/carla#7329)",
            "if it does, set simulator.graphics_adapter to one of them",
        )


def _none(listed: Sequence[Gpu]) -> str:
    return f"CUDA_VISIBLE_DEVICES hides all {len(listed)}" if listed else "nvidia-smi lists none"


def _described(gpu: Gpu) -> str:
    free = gpu.memory_total - gpu.memory_used
    return f"GPU {gpu.index}, {gpu.name} at {gpu.pci}, {free} of {gpu.memory_total} MiB free"
