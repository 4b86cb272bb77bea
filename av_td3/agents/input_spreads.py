"""How far the inputs of the critic's heads spread: beside much larger ones, small inputs are hardly learned from."""

from collections.abc import Mapping

import torch

from av_td3 import metrics


@torch.no_grad()
def input_spreads(features: torch.Tensor, vector: torch.Tensor, sizes: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """Standard deviations by tag, of the features and of each entry of the vector.

    The features count with what is the same in every image, which moves the heads in every update like the rest. How much each
    feature varies over the batch would say instead how far the encoder has learned: it starts near 0 and grows.

    Args:
        features: of the critic's encoder, (n, features); none without a camera.
        vector: of the observation, (n, numbers).
        sizes: how many of the numbers each entry of the vector has, in order.

    Returns:
        Scalars on the device of the inputs. Entries without numbers are left out.

    """
    spreads = {metrics.FEATURES_STD: features.float().std(correction=0)} if features.shape[1] else {}
    of_entries = torch.split(vector.std(dim=0, correction=0), list(sizes.values()))
    return spreads | {metrics.vector_std(name): std.mean() for name, std in zip(sizes, of_entries, strict=True) if len(std)}
