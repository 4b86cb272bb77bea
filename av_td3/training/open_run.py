"""What a run has open while it trains."""

from dataclasses import dataclass
from pathlib import Path

from av_td3.checkpoints.checkpoints import Checkpoints
from av_td3.cluster.preemption import PreemptionHandler
from av_td3.machine.core_shares import CoreShare
from av_td3.runs.log import RunLog
from av_td3.runs.status import RunStatus
from av_td3.training.progress import Display


@dataclass(frozen=True)
class OpenRun:
    """The run's folder, its records, and its ties to terminal, scheduler and machine."""

    folder: Path
    log: RunLog
    status: RunStatus
    display: Display
    checkpoints: Checkpoints
    preemption: PreemptionHandler
    cores: CoreShare
