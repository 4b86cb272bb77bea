"""``av-td3 doctor``: whether this machine can run what the overrides describe."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from yaml import YAMLError

from av_td3.cli.arguments import explain, parse, parse_arguments
from av_td3.cli.extras import TRAIN
from av_td3.cli.version import version
from av_td3.config.composition import composed, default_keys
from av_td3.config.errors import ConfigError
from av_td3.config.validation import composition_error
from av_td3.doctor.check import State
from av_td3.doctor.examination import examine
from av_td3.doctor.privacy import shareable_overrides
from av_td3.doctor.report import content, print_report
from av_td3.report.terminal import console, print_json

FOLDER_KEYS = ("hydra.run.dir", "hydra.sweep.dir")
DEFAULT_FOLDER = "outputs"  # of conf/config.yaml
PROBLEM_FOUND = 1


def doctor(overrides: list[str], as_json: bool) -> int:
    """Check, and print the results.

    Args:
        overrides: as for training.
        as_json: whether to print JSON instead of a table.

    Returns:
        0, or 1 if there is a problem.

    Raises:
        ConfigError: an override or the configuration is invalid.

    """
    sys.path.append(os.getcwd())  # for the user's own options, as in training
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # as in training, or the forecast would be of another speed
    began = time.monotonic()
    config, outputs = _composed(overrides), _outputs(overrides)
    with Console(stderr=True).status("") as status:  # shows nothing where standard error is no terminal
        checks = list(examine(config, overrides, TRAIN, outputs, lambda subject: status.update(f"checking: {subject}")))
    seconds, shared = time.monotonic() - began, shareable_overrides(overrides)
    if as_json:
        print_json(content({"version": version(), "overrides": shared}, checks, seconds))
    else:
        print_report(console(), " ".join(["av-td3", version(), "doctor", *shared]), checks, seconds)
    return PROBLEM_FOUND if any(check.state is State.PROBLEM for check in checks) else 0


def _composed(overrides: Sequence[str]) -> DictConfig:
    options = parse_arguments(list(overrides))
    if any(parse(text).key_or_group == "resume" for text in overrides):
        raise ConfigError("resume: the doctor checks the configuration of overrides; give those of the run instead")
    try:
        return composed(["name=doctor", *overrides], hydra=True)
    except HydraException as error:
        raise ConfigError(explain(error, options)) from error
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(composition_error(error, default_keys)) from error


def _outputs(overrides: Sequence[str]) -> Path:
    """The folder of the run, where an override names it, or that of all runs. Composing its default would create a folder."""
    parsed = [parse(text) for text in overrides]
    named = [str(override.value()) for override in parsed if override.key_or_group in FOLDER_KEYS]
    return Path(named[-1] if named else DEFAULT_FOLDER)
