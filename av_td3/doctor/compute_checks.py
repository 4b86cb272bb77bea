"""Device, precision and threads. Called in a process of its own, because the driver of a GPU can hang."""

import os
from collections.abc import Iterator

import torch

from av_td3.agents.compute import choose
from av_td3.config.experiment import Config
from av_td3.config.hardware import Hardware
from av_td3.doctor.check import Check, ok, problem, warning
from av_td3.machine.core_shares import CoreShare
from av_td3.machine.gpus import UnknownGpuOrder, read_gpus, visible_gpus
from av_td3.machine.resources import usable_cores
from av_td3.training.assembly import check_requirements
from av_td3.training.initial_weights import check_init_from

TOLERATED_LOAD = 0.7  # cores; the doctor itself causes some
SIZE = 64  # rows of the matrices that are multiplied


def check_compute(config: Config) -> Iterator[Check]:
    """Everything that needs PyTorch."""
    check_init_from(config, check_requirements(config))
    yield ok("configuration", "a run with it would start on this machine")
    yield from check_device(config.hardware)
    yield from check_precision(config.hardware)
    yield from check_threads(config.hardware)


def check_device(hardware: Hardware) -> Iterator[Check]:
    """The selected device, with a matrix product computed on it."""
    compute = choose(hardware)
    build = f"PyTorch {torch.__version__}"
    if compute.device.type == "cpu" and hardware.device == "auto" and _gpus_of_driver():
        yield warning(
            "device",
            f"{compute}; {build} {_of_cuda()} cannot use the GPU that NVIDIA's driver shows",
            "install the build of PyTorch for this driver (pytorch.org), or select the CPU with hardware=cpu",
        )
    else:
        yield ok("device", f"{compute}{_name_and_memory(compute.device)}; {build}")
    ones = torch.ones((SIZE, SIZE), device=compute.device)
    with compute.autocast():
        total = float((ones @ ones).float().sum())
    if total != float(SIZE**3):
        yield problem("device", f"the entries of a product of matrices sum to {total:g}, not {SIZE**3}", "use another device")


def check_precision(hardware: Hardware) -> Iterator[Check]:
    """Whether the selected number format is native."""
    native = choose(hardware.model_copy(update={"precision": "auto"})).bf16
    if hardware.precision == "bf16" and not native:
        yield warning("precision", "bf16 is emulated on this device, several times slower than fp32", "hardware.precision=auto")
    else:
        yield ok("precision", "bf16" if native and hardware.precision != "fp32" else "fp32")


def check_threads(hardware: Hardware) -> Iterator[Check]:
    """Threads of the learner and number of environments, compared with the cores that this process may use."""
    cores, machine = usable_cores(), os.cpu_count() or 1
    share = CoreShare(hardware.threads)
    threads = share.threads()
    share.close()
    load = os.getloadavg()[0] if cores == machine else 0.0  # in a part of a machine, the load of the whole says nothing
    limits = f"{cores} of this machine's {machine} cores may be used" if cores < machine else f"{cores} cores"
    if threads > cores:
        yield warning(
            "cores",
            f"{limits}, and the learner uses {threads} threads, which is several times slower than {cores}",
            "lower hardware.threads or OMP_NUM_THREADS",
            cores=cores,
            threads=threads,
        )
    elif hardware.num_envs > cores:
        yield warning(
            "cores",
            f"{limits}, for {hardware.num_envs} environments, which wait for each other",
            f"hardware.num_envs={cores}, or more cores",
            cores=cores,
            threads=threads,
        )
    elif load + threads > cores + TOLERATED_LOAD:
        yield warning(
            "cores",
            f"{limits}, of which other programs have kept {load:.1f} busy in the last minute; with more threads than free "
            f"cores, the learner's {threads} are several times slower",
            "stop the other programs, or lower hardware.threads; drive and forecast are those of a busy machine",
            cores=cores,
            threads=threads,
        )
    else:
        yield ok("cores", f"{limits}; the learner's share is {threads}", cores=cores, threads=threads)


def _gpus_of_driver() -> int:
    """Number of GPUs that NVIDIA's driver shows to this process, whether PyTorch can use them or not."""
    try:
        return len(visible_gpus(read_gpus(), os.environ))
    except UnknownGpuOrder:
        return 1


def _of_cuda() -> str:
    return f"for CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"


def _name_and_memory(device: torch.device) -> str:
    if device.type != "cuda":
        return ""
    free, total = torch.cuda.mem_get_info(device)
    return f" ({torch.cuda.get_device_name(device)}, {free / 1e9:.0f} of {total / 1e9:.0f} GB free)"
