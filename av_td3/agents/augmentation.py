"""Random shift: the image is padded by repeating its border, and cropped at a random place.

Kostrikov, Yarats, Fergus 2020 (DrQ, arXiv:2004.13649), section 3.1; DrQ-v2 does the same.
"""

import torch


def random_shift(image: torch.Tensor, pad: int, generator: torch.Generator) -> torch.Tensor:
    """Shift each stack (n, c, height, width) by up to ``pad`` pixels both ways; all frames of a stack move together.

    Crops are copied as whole windows, which is several times faster on a CPU than gathering pixels, and nothing waits for the
    device.
    """
    n, _, height, width = image.shape
    up, left = torch.randint(-pad, pad + 1, (2, n), device=image.device, generator=generator) + pad
    windows = _padded(image, pad).unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(n, device=image.device), :, up, left]


def _padded(image: torch.Tensor, pad: int) -> torch.Tensor:
    """The image (n, c, height, width) with its border repeated ``pad`` times on each side; torch pads no bytes that way."""
    n, channels, height, width = image.shape
    padded = image.new_empty(n, channels, height + 2 * pad, width + 2 * pad)
    inner = slice(pad, pad + width)
    padded[:, :, pad : pad + height, inner] = image
    padded[:, :, :pad, inner] = image[:, :, :1]
    padded[:, :, pad + height :, inner] = image[:, :, -1:]
    padded[..., :pad] = padded[..., pad : pad + 1]
    padded[..., pad + width :] = padded[..., pad + width - 1 : pad + width]
    return padded
