"""Training from a shell: ``python launch.py`` and ``av-td3 train``. Hydra composes the config, av_td3.run does the rest."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import hydra.version
from hydra._internal.utils import _run_hydra, get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.cli.arguments import parse_arguments
from av_td3.cli.console import survive_without_console
from av_td3.cli.extras import require_train
from av_td3.cli.failures import FINISHED, INTERRUPTED, NO_VERDICT, VERDICT_CODES, launch_exit_code
from av_td3.cli.resume import job_of, overrides_of
from av_td3.config.composition import CONF, CONFIG_NAME
from av_td3.config.errors import ConfigError
from av_td3.config.unused_folder import register_resolvers
from av_td3.diagnostics.gate import Verdict
from av_td3.runs.errors import Interrupted

# Here, because a job on a cluster imports this module and calls none of its functions but the one that trains.
os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # let exceptions through: exit_code says them in one line
os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # threads that wait yield soon: another run may need their core
register_resolvers()


def main(words: list[str] | None = None) -> int:
    """Train as the command line says; returns the exit code. ``words`` stand for those behind the program's name."""
    survive_without_console()
    sys.path.append(os.getcwd())  # options of the user's own may stand here; at the end, so that they replace no other module
    typed = sys.argv[1:] if words is None else words
    code = launch_exit_code(lambda: _launch(typed))  # of what went wrong; a run that was made ends the process itself
    return NO_VERDICT if code and code != INTERRUPTED and _asks_for_verdict(typed) else code


def _asks_for_verdict(words: list[str]) -> bool:
    """Whether 0 to 2 are to be verdicts, as far as that can be seen of a config that may not compose."""
    return any(word.lstrip("+") == "gate.exit_code=true" for word in words)


def _train(composed: DictConfig) -> float:
    """One run; returns the reward of its last evaluation, which is what sweepers of Hydra maximise."""
    from av_td3.run import last_reward, run  # torch takes seconds to import, --help should not

    hydra_config = HydraConfig.get()
    folder, cwd = Path(hydra_config.runtime.output_dir), Path(hydra_config.runtime.cwd)

    def train() -> int:
        job, overrides = job_of(composed, overrides_of(hydra_config))
        if job.gate.exit_code:
            return _gate_exit_code(lambda: run(job, folder, overrides, cwd=cwd))
        run(job, folder, overrides, cwd=cwd)
        return FINISHED

    code = launch_exit_code(train)
    if code == INTERRUPTED and hydra_config.mode is RunMode.MULTIRUN:
        raise KeyboardInterrupt  # all of the sweep
    if code and hydra_config.mode is RunMode.RUN:
        sys.exit(code)  # a job of a sweep harms no other: its status.json says that it failed
    return last_reward(folder)


def _gate_exit_code(run: Callable[[], Verdict | None]) -> int:
    """0 to 2 are verdicts; 3 says that there is none."""
    verdicts: list[Verdict | None] = []
    code = launch_exit_code(lambda: verdicts.append(run()))
    if code == INTERRUPTED:
        return code
    return NO_VERDICT if code or verdicts[0] is None else VERDICT_CODES[verdicts[0].value]


def _launch(words: list[str]) -> None:
    """Hand over to Hydra; after a sweep, sum up all of its jobs."""
    options = parse_arguments(words)
    require_train("training")
    hydra.version.setbase("1.3")
    try:
        # As hydra.main does, which would parse sys.argv itself, and take overrides from one side of an option only.
        _run_hydra(options, get_args_parser(), _train, str(CONF), CONFIG_NAME)
    except (ConfigError, HydraException, OmegaConfBaseException, YAMLError):
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
        from av_td3.cli.sweep_summary import summarize_sweep
        from av_td3.report.terminal import console

        sys.exit(summarize_sweep(sweep, console()))


def _sweep_folder() -> Path | None:
    """Where the sweep that this process has started works; None for a single run, and before a sweep has begun."""
    if not HydraConfig.initialized() or HydraConfig.get().mode is not RunMode.MULTIRUN:
        return None
    return Path(HydraConfig.get().sweep.dir).absolute()
