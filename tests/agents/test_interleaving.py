"""Channels of a pixel side by side."""

import pytest
import torch

from av_td3.agents.interleaving import interleave


@pytest.mark.parametrize("channels", [0, 1, 3, 4, 12, 128, 129])
@pytest.mark.parametrize("part", [slice(None, -1), slice(1, None)], ids=["images", "next images"])
def test_every_pixel_keeps_its_place(channels, part):
    """Images and next images are views of the same frames, as in a batch of the replay."""
    frames = torch.randint(0, 256, (3, channels + 1, 6, 5), dtype=torch.uint8)

    out = interleave(frames[:, part])

    assert torch.equal(out, frames[:, part].permute(0, 2, 3, 1))
    assert out.is_contiguous()


def test_the_result_is_memory_of_its_own():
    image = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)

    interleave(image).fill_(7)

    assert not image.any()


def test_no_images_are_no_images():
    assert interleave(torch.zeros(0, 4, 6, 5, dtype=torch.uint8)).shape == (0, 6, 5, 4)
