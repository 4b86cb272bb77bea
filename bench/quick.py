"""``--quick``: a bench in seconds, to see that it works. Figures need the whole one."""

import argparse
import sys

import torch

NOTE = "--quick: a few rounds to see that this works; the figures mean nothing"


def add_quick(parser: argparse.ArgumentParser) -> None:
    """Every bench takes it."""
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; the figures mean nothing")


def require(device: str, *, quick: bool) -> None:
    """End here, in one line, where the device is not in this machine: exit code 2, or 0 with ``--quick``."""
    if device == "cuda" and not torch.cuda.is_available():
        print("--device cuda: there is no CUDA device here, so nothing was measured", file=sys.stderr)
        sys.exit(0 if quick else 2)
