"""Training from a shell: ``python launch.py`` and ``av-td3 train``. Hydra composes the config, av_td3.run does the rest."""

import os
import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from av_td3.cli.arguments import check
from av_td3.cli.console import survive_without_console
from av_td3.cli.extras import require_train
from av_td3.cli.failures import FINISHED, INTERRUPTED, VERDICT_CODES, launch_exit_code
from av_td3.cli.resume import job_of
from av_td3.config.composition import CONF, CONFIG_NAME
from av_td3.config.errors import ConfigError
from av_td3.config.unused_folder import register_resolvers
from av_td3.runs.errors import Interrupted

# Here, because a job on a cluster imports this module and calls none of its functions but the one that trains.
os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # let exceptions through: exit_code says them in one line
os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # threads that wait yield soon: another run may need their core
register_resolvers()


def main() -> int:
    """Train as the command line says; returns the exit code."""
    survive_without_console()
    sys.path.append(os.getcwd())  # options of the user's own may stand here; at the end, so that they replace no other module
    return launch_exit_code(_launch)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name=CONFIG_NAME)
def _train(composed: DictConfig) -> float:
    """One run; returns the reward of its last evaluation, which is what sweepers of Hydra maximise."""
    from av_td3.run import last_reward, run  # torch takes seconds to import, --help should not

    hydra_config = HydraConfig.get()
    folder = Path(hydra_config.runtime.output_dir)

    def train() -> int:
        job, overrides = job_of(composed, list(hydra_config.overrides.task))
        verdict = run(job, folder, overrides, cwd=Path(hydra_config.runtime.cwd))
        return VERDICT_CODES[verdict.value] if job.gate.exit_code and verdict is not None else FINISHED

    code = launch_exit_code(train)
    if code == INTERRUPTED and hydra_config.mode is RunMode.MULTIRUN:
        raise KeyboardInterrupt  # all of the sweep
    if code and hydra_config.mode is RunMode.RUN:
        sys.exit(code)  # a job of a sweep harms no other: its status.json says that it failed
    return last_reward(folder)


def _launch() -> None:
    """Hand over to Hydra; after a sweep, sum up all of its jobs."""
    check(sys.argv[1:])
    require_train("training")
    try:
        _train()
    except (ConfigError, HydraException, OmegaConfBaseException):
        raise
    except KeyboardInterrupt:
        if _sweep_folder() is None:
            raise
        raise Interrupted(
            f"the sweep was interrupted; its command with hydra.sweep.dir={_sweep_folder()} runs what is left"
        ) from None
    except Exception as error:
        if _sweep_folder() is None:
            raise
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)  # of one job; the others are waited for
    sweep = _sweep_folder()
    if sweep is not None:
        from av_td3.cli.sweep_summary import account
        from av_td3.report.terminal import console

        sys.exit(account(sweep, console()))


def _sweep_folder() -> Path | None:
    """Where the sweep that this process has started works; None for a single run, and before a sweep has begun."""
    if not HydraConfig.initialized() or HydraConfig.get().mode is not RunMode.MULTIRUN:
        return None
    return Path(HydraConfig.get().sweep.dir).absolute()
