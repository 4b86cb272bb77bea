"""The one entry point: Hydra composes the config from conf/, av_td3.run does the rest.

python launch.py                                                  one run
python launch.py algorithm.gradient_clipping.actor_max_norm=1.0   one number changed
python launch.py resume=outputs/2026-11-21/12-37-37-micro_500     resume a run that was stopped
python launch.py --help                                           groups and examples
"""

import os
import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from av_td3.cli.arguments import checked
from av_td3.cli.console import survive_without_console
from av_td3.cli.exit_codes import INTERRUPTED, exit_code
from av_td3.cli.queued_jobs import sweep_folder
from av_td3.config.errors import ConfigError
from av_td3.config.unused_folder import register_resolver
from av_td3.runs.errors import Interrupted

os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # let exceptions through: command_line says them in one line
os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # threads that wait yield soon: another run may need their core
register_resolver()


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(composed: DictConfig) -> float:
    """Run one experiment; returns the reward of its last evaluation, which is what sweepers of Hydra maximise."""
    from av_td3.run import last_reward, run  # torch takes seconds to import, --help should not

    code = exit_code(lambda: run(composed))
    if code == INTERRUPTED and HydraConfig.get().mode is RunMode.MULTIRUN:
        raise KeyboardInterrupt  # all of the sweep
    if code and HydraConfig.get().mode is RunMode.RUN:
        sys.exit(code)  # a job of a sweep harms no other: its status.json says that it failed
    return last_reward(Path(HydraConfig.get().runtime.output_dir))


def start() -> None:
    """The command line: with ``resume=DIR`` spelled out, and a summary of all jobs at the end of a sweep."""
    sys.argv[1:] = checked(sys.argv[1:])
    try:
        main()
    except (ConfigError, HydraException, OmegaConfBaseException):
        raise
    except KeyboardInterrupt:
        if sweep_folder() is None:
            raise
        raise Interrupted(
            f"the sweep was interrupted; its command with hydra.sweep.dir={sweep_folder()} runs what is left"
        ) from None
    except Exception as error:
        if sweep_folder() is None:
            raise
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)  # of one job; the others are waited for
    sweep = sweep_folder()
    if sweep is not None:
        from av_td3.cli.sweep_summary import account
        from av_td3.report.terminal import console

        sys.exit(account(sweep, console()))


if __name__ == "__main__":
    survive_without_console()
    sys.exit(exit_code(start))
