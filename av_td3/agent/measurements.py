"""Numbers gathered on the device during updates, and moved to the host once per log interval."""

import torch


class Measurements:
    """Means, maxima and counts by TensorBoard tag. Values are tensors of no dimensions; nothing waits for the device."""

    def __init__(self) -> None:
        self._sums: dict[str, torch.Tensor] = {}
        self._samples: dict[str, int] = {}
        self._maxima: dict[str, torch.Tensor] = {}
        self._counts: dict[str, torch.Tensor] = {}

    def mean(self, tag: str, value: torch.Tensor) -> None:
        """Take part in the interval's mean."""
        value = value.detach().float()
        self._sums[tag] = self._sums[tag] + value if tag in self._sums else value
        self._samples[tag] = self._samples.get(tag, 0) + 1

    def peak(self, tag: str, value: torch.Tensor) -> None:
        """Take part in the interval's maximum, logged as ``<tag>_max``. A value that is no number stays."""
        value = value.detach().float()
        self._maxima[tag] = torch.maximum(self._maxima[tag], value) if tag in self._maxima else value

    def count(self, tag: str, happened: torch.Tensor) -> None:
        """Count an update of the interval for which this is true."""
        value = happened.detach().float()
        self._counts[tag] = self._counts[tag] + value if tag in self._counts else value

    def drain(self) -> dict[str, float]:
        """All numbers since the last call, in one transfer."""
        tags = [*self._sums, *(f"{tag}_max" for tag in self._maxima), *self._counts]
        if not tags:
            return {}
        means = [total / self._samples[tag] for tag, total in self._sums.items()]
        values = torch.stack([*means, *self._maxima.values(), *self._counts.values()]).tolist()
        for store in (self._sums, self._samples, self._maxima, self._counts):
            store.clear()
        return dict(zip(tags, values, strict=True))
