"""Random shift: the image is padded by repeating its border, and cropped at a random place.

Kostrikov, Yarats, Fergus 2020 (DrQ, arXiv:2004.13649), section 3.1; DrQ-v2 does the same.
"""

import torch


def random_shift(image: torch.Tensor, pad: int, generator: torch.Generator) -> torch.Tensor:
    """Shift each stack (n, c, height, width) by up to ``pad`` pixels both ways; all frames of a stack move together."""
    n, channels, height, width = image.shape
    shift = torch.randint(-pad, pad + 1, (2, n, 1), device=image.device, generator=generator)
    rows = (torch.arange(height, device=image.device) + shift[0]).clamp_(0, height - 1)
    columns = (torch.arange(width, device=image.device) + shift[1]).clamp_(0, width - 1)
    images = torch.arange(n, device=image.device)[:, None, None, None]
    stack = torch.arange(channels, device=image.device)[None, :, None, None]
    return image[images, stack, rows[:, None, :, None], columns[:, None, None, :]]
