"""SLURM, the launcher, and containers."""

import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from omegaconf import DictConfig

from av_td3.doctor.check import Check, ok, problem, warning
from av_td3.machine.program_output import program_output

ANSWER_TIMEOUT = 10.0  # s that a program may take to answer
SUBMITIT = "hydra_plugins.hydra_submitit_launcher"
CONTAINERS = {  # what runs an image, by a word in the name of the simulator that needs it
    "apptainer": (("apptainer", "--version"), ("singularity", "--version")),
    "docker": (("docker", "version", "--format", "{{.Server.Version}}"), ("podman", "--version")),
}


def check_slurm(composed: DictConfig) -> Iterator[Check]:
    """Whether jobs can be submitted.

    Args:
        composed: the configuration, with the section ``hydra``.

    """
    needed = composed.hydra.runtime.choices.get("hydra/launcher") == "slurm"
    missing = [program for program in ("sbatch", "squeue", "scontrol") if shutil.which(program) is None]
    if missing and needed:
        yield problem("SLURM", f"hydra/launcher=slurm, and there is no {', '.join(missing)} here", "log in to a login node")
    elif missing:
        yield ok("SLURM", "none on this machine")
    else:
        yield from _check_controller(composed.hardware.slurm.partition, needed)
    if find_spec(SUBMITIT) is not None:
        yield ok("launcher", "hydra/launcher=slurm is installed")
    elif needed or not missing:
        yield problem("launcher", "hydra-submitit-launcher is not installed", "pip install 'av-td3[train]'")


def _check_controller(partition: str | None, needed: bool) -> Iterator[Check]:
    """Ask the controller for its partitions."""
    answer = program_output(("sinfo", "--noheader", "--format=%R"), timeout=ANSWER_TIMEOUT)
    if not answer:
        state = problem if needed else warning
        yield state(
            "SLURM", f"sinfo fails, or has no answer of the controller within {ANSWER_TIMEOUT:g} s", "see what sinfo prints"
        )
        return
    partitions = sorted(set(answer.split()))
    if partition is not None and partition not in partitions:
        yield problem(
            "SLURM",
            f"hardware.slurm.partition={partition}: there is no such partition",
            f"set it to one of {', '.join(partitions)}",
        )
    else:
        yield ok("SLURM", f"partitions {', '.join(partitions)}")


def check_containers(choices: Mapping[str, str]) -> Iterator[Check]:
    """Whether Apptainer and Docker are there. Their lack is a problem only for a simulator that runs in a container.

    Args:
        choices: the selected file of each config group.

    """
    simulator = str(choices["simulator"])
    for name, commands in CONTAINERS.items():
        needed = name in simulator
        installed = [command for command in commands if shutil.which(command[0]) is not None]
        version = program_output(installed[0], timeout=ANSWER_TIMEOUT) if installed else ""
        if version:
            yield ok(name, " ".join(version.split()))
        elif not needed:
            yield ok(name, f"{'does not answer' if installed else 'not installed'}, and is not needed")
        elif installed:
            yield problem(
                name, f"simulator={simulator} needs it, and it does not answer", f"see what {' '.join(installed[0])} prints"
            )
        else:
            yield problem(
                name, f"simulator={simulator} needs it, and it is not installed", f"install {name}, or load its module"
            )
