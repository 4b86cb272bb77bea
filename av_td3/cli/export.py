"""``av-td3 export``: writes the policy of a run to a file for other programs."""

import os
import sys
from pathlib import Path

from av_td3.policies.export import export_policy
from av_td3.policies.load import load_policy
from av_td3.report.layout import print_line
from av_td3.report.terminal import console

EXPORT_FOLDER = "export"  # of a run


def export(path: Path, form: str, checkpoint: str, output: Path | None, packages: list[str]) -> int:
    """Export, and print the written files.

    Args:
        path: folder of a run or of a checkpoint.
        form: ``onnx`` or ``torchscript``.
        checkpoint: ``last``, ``best`` or a step.
        output: folder to write to; None: ``export`` in the run's folder.
        packages: further packages whose classes the run's config may name.

    Returns:
        Exit code 0.

    Raises:
        ConfigError: the policy cannot be loaded or exported.

    """
    if packages:
        sys.path.append(os.getcwd())  # for the user's own classes, as in training
    policy = load_policy(path, checkpoint, packages=packages)
    folder = policy.run / EXPORT_FOLDER if output is None else output
    out = console()
    for file in export_policy(policy, form, folder):
        print_line(out, str(file))
    return 0
