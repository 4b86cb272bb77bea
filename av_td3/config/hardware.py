"""Hardware of a run, and its request to SLURM."""

import os
from typing import Annotated, Literal

from av_td3.config.errors import ConfigError
from av_td3.config.limits import Count, Form, Interval, Switch
from av_td3.config.schema import Schema


class Slurm(Schema):
    """The resources that a job requests from SLURM."""

    partition: str | None
    account: str | None
    nodes: Annotated[int, Interval(1, 1024)]
    timeout_min: Count
    cpus: Count
    gpus: Annotated[int, Interval(0, 1e6)] | None
    mem_gb: Count | None
    parallel: Count
    signal_delay: Count
    setup: list[str]


class Hardware(Schema):
    """Device, precision, threads and number of environments.

    Derive from it to add keys for a site.
    """

    device: Annotated[str, Form(r"auto|cpu|(cuda|xpu)(:\d+)?|mps", "auto, cpu, cuda, cuda:N, xpu, xpu:N or mps")]
    precision: Literal["auto", "fp32", "bf16"]
    compile: Switch
    num_envs: Annotated[int, Interval(1, 128)]
    scratch: str | None
    threads: Annotated[int, Interval(1, 1024)] | None
    slurm: Slurm


def expanded(scratch: str) -> str:
    """Replace environment variables and ``~`` in ``hardware.scratch``. Raises ConfigError where that gives no absolute path."""
    path = os.path.expanduser(os.path.expandvars(scratch))
    if "$" in path:
        raise ConfigError(f"hardware.scratch={scratch}: this environment variable is not set here; name a folder, such as /tmp")
    if not os.path.isabs(path):
        raise ConfigError(f"hardware.scratch={scratch}: must be an absolute path on the node's own disk, such as /tmp")
    return path
