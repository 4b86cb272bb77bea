"""``hydra/launcher=slurm``: submitit's launcher, which records its jobs and can leave after submission.

Hydra accepts launchers from ``hydra_plugins`` only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn
from omegaconf import MISSING

from av_td3.cluster.submission import record_submission

if find_spec("hydra_plugins.hydra_submitit_launcher") is not None:  # without av-td3[train] there is nothing to submit
    from hydra_plugins.hydra_submitit_launcher.config import BaseQueueConf, SlurmQueueConf
    from hydra_plugins.hydra_submitit_launcher.submitit_launcher import SlurmLauncher as SubmititLauncher

    @dataclass
    class SlurmLauncherConf(SlurmQueueConf):
        """The types of the keys of ``conf/hydra/launcher/slurm.yaml``, which has their defaults."""

        detach: bool = MISSING
        srun_args: list[str] = MISSING
        setup: Any = None  # a typed list cannot refer to hardware.slurm.setup, whose schema checks it

    ConfigStore.instance().store(group="hydra/launcher", name="av_td3_slurm", node=SlurmLauncherConf, provider="av_td3")

    class SlurmLauncher(SubmititLauncher):
        """Submits the jobs of a sweep.

        Args:
            detach: leave after submission, with no results.
            params: as of submitit's launcher.

        """

        def __init__(self, detach: bool, **params: Any) -> None:
            super().__init__(**params)
            self._detach = detach

        def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
            """As submitit's launcher, but the SLURM ids of the jobs are recorded before it waits for them."""
            assert self.config is not None
            sweep = Path(str(self.config.hydra.sweep.dir))
            sweep.mkdir(parents=True, exist_ok=True)
            state = Singleton.get_state()
            arguments = [
                (list(overrides), "hydra.sweep.dir", number, f"job_id_for_{number}", state)
                for number, overrides in enumerate(job_overrides, initial_job_idx)
            ]
            jobs = self._executor().map_array(self, *zip(*arguments, strict=True))
            record_submission(sweep, initial_job_idx, [job.job_id for job in jobs])
            return [] if self._detach else [job.task(0).result() for job in jobs]

        def _executor(self) -> Any:
            import submitit  # Hydra imports every plugin at each start

            common = {field.name for field in fields(BaseQueueConf)}
            params = {name if name in common else f"slurm_{name}": value for name, value in self.params.items()}
            folder, requeues = params.pop("submitit_folder"), params.pop("slurm_max_num_timeout")
            executor = submitit.AutoExecutor(folder=folder, cluster="slurm", slurm_max_num_timeout=requeues)
            executor.update_parameters(**params)
            return executor
