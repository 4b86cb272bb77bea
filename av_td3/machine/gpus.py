"""NVIDIA GPUs of this machine, and which of them CUDA uses.

CUDA, Vulkan and ``nvidia-smi`` each number GPUs in an order of their own, so a GPU is known by its UUID or its PCI address.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from av_td3.machine.program_output import program_output

QUERY = ("nvidia-smi", "--query-gpu=index,uuid,pci.bus_id,name,memory.total,memory.used", "--format=csv,noheader,nounits")


class UnknownGpuOrder(Exception):
    """Which GPUs CUDA means cannot be proved; the message is one line, with the remedy."""


@dataclass(frozen=True)
class Gpu:
    """An NVIDIA GPU.

    Args:
        index: ``nvidia-smi``'s number, which is not CUDA's nor Vulkan's, and may change when the machine starts again.
        uuid: for example ``GPU-90b5d104-c751-0f3d-a02c-71711408661f``.
        pci: address in lower case, as ``lspci -D`` prints it, for example ``0000:01:00.0``.
        name: of the model.
        memory_total: MiB.
        memory_used: MiB, by all programs.

    """

    index: int
    uuid: str
    pci: str
    name: str
    memory_total: int
    memory_used: int


def read_gpus(timeout: float = 10.0) -> list[Gpu]:
    """GPUs that ``nvidia-smi`` lists; none where it is missing, fails, or needs longer than ``timeout`` seconds.

    In a SLURM job that is limited to its devices, these are the job's GPUs only, numbered from 0.
    """
    return parse_nvidia_smi(program_output(QUERY, timeout=timeout))


def parse_nvidia_smi(text: str) -> list[Gpu]:
    """GPUs in the output of ``QUERY``; lines that are not six such values, as those of a broken GPU, are left out."""
    return [gpu for line in text.splitlines() if (gpu := _parse_line(line)) is not None]


def visible_gpus(gpus: Sequence[Gpu], environment: Mapping[str, str]) -> list[Gpu]:
    """GPUs that CUDA shows to a program, in CUDA's order: the first one is ``cuda:0``.

    ``CUDA_VISIBLE_DEVICES`` holds numbers, or UUIDs that may be cut short. As in CUDA, the list ends at the first entry that
    is not exactly one GPU, and is empty when a GPU is named twice (CUDA Programming Guide, environment variables;
    ``torch.cuda._parse_visible_devices``). SLURM counts from 0 in a job whose devices are limited (``ConstrainDevices``;
    gres_common.c), and so does ``nvidia-smi`` there (github.com/NVIDIA/deepops/issues/1102); elsewhere both count all GPUs of
    the node, so that a number means the same to both. ``SLURM_JOB_GPUS`` always counts all, and is of no use here.

    Args:
        gpus: all that ``nvidia-smi`` lists.
        environment: of that program.

    Raises:
        UnknownGpuOrder: GPUs of different models are numbered and ``CUDA_DEVICE_ORDER`` is not ``PCI_BUS_ID``, a GPU is
            missing in the list, or a slice of a GPU (MIG) is named.

    """
    allowed = environment.get("CUDA_VISIBLE_DEVICES")
    if allowed is None:
        return _cuda_order(gpus, environment)
    entries = [entry.strip() for entry in allowed.split(",")]
    if entries[0].startswith("MIG-"):  # a user could not render on one: github.com/ucd-dare/CarDreamer/issues/21
        raise UnknownGpuOrder(
            f"CUDA_VISIBLE_DEVICES={allowed}: the GPU of this MIG slice cannot be identified by its name, and CARLA needs a "
            "whole GPU to render; ask for a whole one, or set CUDA_VISIBLE_DEVICES to its UUID"
        )
    if entries[0].startswith("GPU-"):
        named = [_by_uuid(entry, gpus) for entry in entries]
    elif _number(entries[0]) is None:
        return []
    else:
        ordered = _cuda_order(gpus, environment)
        named = [_by_number(entry, ordered) for entry in entries]
    found = [gpu for gpu in named[: named.index(None) if None in named else None] if gpu is not None]
    return found if len(set(found)) == len(found) else []


def _cuda_order(gpus: Sequence[Gpu], environment: Mapping[str, str]) -> list[Gpu]:
    """GPUs as CUDA numbers them without ``CUDA_VISIBLE_DEVICES``.

    By default it puts the fastest first, by a rule that is not documented, and orders the others in ways that differ
    (github.com/xmrig/xmrig-nvidia/issues/69, github.com/YoRyan/nuxhash/issues/7). GPUs of one model keep the order of their
    addresses, as far as those reports show; ``PCI_BUS_ID`` is that order for all.
    """
    indices = sorted(gpu.index for gpu in gpus)
    if indices != list(range(len(gpus))):
        raise UnknownGpuOrder(
            f"nvidia-smi lists only GPU {', '.join(map(str, indices))}: CUDA may count them differently; "
            "set CUDA_VISIBLE_DEVICES to the UUIDs that `nvidia-smi -L` prints"
        )
    if len({gpu.name for gpu in gpus}) > 1 and environment.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        raise UnknownGpuOrder(
            "GPUs of different models: CUDA's order is not nvidia-smi's; set CUDA_DEVICE_ORDER=PCI_BUS_ID, "
            "or CUDA_VISIBLE_DEVICES to the UUIDs that `nvidia-smi -L` prints"
        )
    return sorted(gpus, key=lambda gpu: (len(gpu.pci), gpu.pci))  # only the domain may have more digits than usual


def _by_uuid(entry: str, gpus: Sequence[Gpu]) -> Gpu | None:
    found = [gpu for gpu in gpus if entry.startswith("GPU-") and gpu.uuid.startswith(entry)]
    return found[0] if len(found) == 1 else None


def _by_number(entry: str, ordered: Sequence[Gpu]) -> Gpu | None:
    number = _number(entry)
    return ordered[number] if number is not None and number < len(ordered) else None


def _number(entry: str) -> int | None:
    """The number that an entry starts with, as C's ``strtoul`` reads it; None for a negative or no number."""
    digits = re.match(r"\d+", entry)
    return int(digits[0]) if digits else None


def _parse_line(line: str) -> Gpu | None:
    try:
        index, uuid, pci, name, total, used = (value.strip() for value in line.split(","))
        domain, bus, device = pci.lower().split(":")  # 00000000:0A:00.0: eight digits of domain, upper case
        return Gpu(int(index), uuid, f"{int(domain, 16):04x}:{bus}:{device}", name, int(total), int(used))
    except ValueError:
        return None
