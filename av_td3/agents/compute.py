"""Which device and number format the learner computes with."""

import contextlib
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import torch

from av_td3.config.errors import ConfigError
from av_td3.config.hardware import Hardware

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # names and numbers of malloc.h
NATIVE_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}


Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True)
class Compute:
    """A device, whether matrix products run in bfloat16, and whether losses are compiled."""

    device: torch.device
    bf16: bool
    compile: bool = False

    def autocast(self) -> torch.autocast:
        """A context in which matrix products run in the chosen format; losses and weights stay in float32."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    @property
    def pixel_format(self) -> torch.dtype:
        """The dtype in which convolutions take images: autocast would make it of float32 again in every pass."""
        return torch.bfloat16 if self.bf16 else torch.float32

    def compiled(self, function: Function) -> Function:
        """The function, compiled by torch.compile where that is configured."""
        return cast(Function, torch.compile(function)) if self.compile else function

    def __str__(self) -> str:
        return f"{self.device}, {'bf16' if self.bf16 else 'fp32'}{', compiled' if self.compile else ''}"


def choose(config: Hardware) -> Compute:
    """The device and number format that ``hardware`` asks for. Raises ConfigError for a device that this machine lacks."""
    device = find_device(config.device, "hardware.device")
    bf16 = _multiplies_bf16(device) if config.precision == "auto" else config.precision == "bf16"
    return Compute(device, bf16, config.compile)


def find_device(name: str, key: str) -> torch.device:
    """The device of a name such as ``cpu``, ``cuda:1`` or ``auto``.

    Raises ConfigError, which begins with ``key``, for one that this machine lacks.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{key}={name}: cannot be used here ({reason}); {key}=auto takes what is there") from error
    return device


def _multiplies_bf16(device: torch.device) -> bool:
    """Whether bf16 is native; emulated it is several times slower than fp32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    with contextlib.suppress(OSError):
        return bool(NATIVE_BF16_FLAGS & set(Path("/proc/cpuinfo").read_text().split()))
    return False


def keep_freed_memory() -> None:
    """Let the C library keep the memory that tensors free, instead of returning it to the kernel after every update.

    Fetching it back costs a page fault per 4 kB, about an eighth of an update on a CPU.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 2**25)  # the largest that it takes
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_ARENA_MAX, 1)
