"""The option ``--quick``: a short benchmark, to test that it works. Its values are meaningless."""

import argparse
import sys

import torch

NOTE = "--quick: a few rounds to test that this works; the values are meaningless"


def add_quick(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; the values are meaningless")


def require(device: str, *, quick: bool) -> None:
    """Exit with one line if the machine does not have the device: exit code 2, or 0 with ``--quick``."""
    if device == "cuda" and not torch.cuda.is_available():
        print("--device cuda: no CUDA device available, nothing was measured", file=sys.stderr)
        sys.exit(0 if quick else 2)
