"""Measurements that accumulate on the device, and move to the host once per log interval."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from av_td3 import metrics

Values = Mapping[str, torch.Tensor]


@dataclass
class _Group:
    """Sums and maxima of values that are recorded together."""

    tags: tuple[list[str], list[str], list[str]]  # of means, peaks and counts
    means: torch.Tensor
    peaks: torch.Tensor
    counts: torch.Tensor
    samples: int = 0


class Measurements:
    """Means, maxima and counts by TensorBoard tag. Nothing waits for the device but ``drain``."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}

    @torch.no_grad()
    def record(self, group: str, *, means: Values, peaks: Values | None = None, counts: Values | None = None) -> None:
        """Add the values of one update (each a scalar tensor), or of several (each (updates,)).

        Args:
            group: of values that are recorded together; it has the same tags every time.
            means: averaged over the interval.
            peaks: the interval's maximum is logged as ``<tag>_max``; once one is NaN, it is NaN.
            counts: added up.

        """
        parts = (means, peaks or {}, counts or {})
        like = next(iter(means.values())).reshape(-1)
        new_means, new_peaks, new_counts = (_rows(values, like) for values in parts)
        old = self._groups.get(group)
        if old is None:
            tags = list(means), list(parts[1]), list(parts[2])
            start = (torch.zeros_like(new_means[0]), torch.full_like(new_peaks[0], -math.inf), torch.zeros_like(new_counts[0]))
            old = self._groups[group] = _Group(tags, *start)
        for row in new_means:  # one after the other: a sum in another order would be rounded differently
            old.means += row
        torch.maximum(old.peaks, new_peaks.amax(dim=0), out=old.peaks)
        old.counts += new_counts.sum(dim=0)
        old.samples += len(like)

    def state_dict(self) -> dict[str, Any]:
        """What was recorded since the last ``drain``."""
        return {name: asdict(group) for name, group in self._groups.items()}

    def load_state_dict(self, state: dict[str, Any], device: torch.device) -> None:
        """Restore what ``state_dict`` returned, on a device."""
        self._groups = {}
        for name, group in state.items():
            means, peaks, counts = (group[part].to(device) for part in ("means", "peaks", "counts"))
            self._groups[name] = _Group(group["tags"], means, peaks, counts, group["samples"])

    def drain(self) -> dict[str, float]:
        """All numbers since the last call by tag, in one transfer. Counts of several groups under one tag are added up."""
        if not self._groups:
            return {}
        groups = list(self._groups.values())
        self._groups = {}
        values = torch.cat([part for g in groups for part in (g.means / g.samples, g.peaks, g.counts)]).tolist()
        scalars: dict[str, float] = {}
        for group in groups:
            means, peaks, counts = group.tags
            for tag in means:
                scalars[tag] = values.pop(0)
            for tag in peaks:
                peak = metrics.peak(tag)
                scalars[peak] = max(scalars.get(peak, 0.0), values.pop(0), key=_nan_is_largest)
            for tag in counts:
                scalars[tag] = scalars.get(tag, 0.0) + values.pop(0)
        return scalars


def _rows(values: Values, like: torch.Tensor) -> torch.Tensor:
    """Float32 (updates, tags); ``like`` is (updates,)."""
    if not values:
        return like.new_empty((len(like), 0), dtype=torch.float32)
    return torch.stack([value.reshape(-1).float() for value in values.values()], dim=1)


def _nan_is_largest(value: float) -> float:
    return value if value == value else float("inf")
