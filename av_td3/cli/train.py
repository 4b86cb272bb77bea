"""``python launch.py`` and ``av-td3 train``. Hydra composes the config, av_td3.run trains."""

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import hydra.version
from hydra._internal.utils import _run_hydra, get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from av_td3.cli.arguments import explain, parse_arguments
from av_td3.cli.console import survive_without_console
from av_td3.cli.extras import require_train
from av_td3.cli.failures import FAILED, FINISHED, INTERRUPTED, NO_VERDICT, VERDICT_CODES, launch_exit_code
from av_td3.cli.resume import job_of, overrides_of
from av_td3.config.composition import CONFIG_NAME
from av_td3.config.conf_folder import CONF
from av_td3.config.errors import ConfigError
from av_td3.config.unused_folder import register_resolvers
from av_td3.runs.errors import Interrupted
from av_td3.runs.sweep_folder import SLURM_FILE, SlurmJobs, read_slurm_jobs
from av_td3.runs.tensorboard_names import name_in_tensorboard

if TYPE_CHECKING:
    from av_td3.diagnostics.gate import Verdict  # imports tensorboard, which --help need not wait for

# At import, because a cluster job imports this module and calls only the function that trains.
os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # Hydra re-raises exceptions, and launch_exit_code prints them in one line
os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # idle threads yield their core soon, because another run may need it
register_resolvers()


def main(words: list[str] | None = None) -> int:
    """Train; returns the exit code. ``words`` are the arguments, by default those of the process."""
    survive_without_console()
    sys.path.append(os.getcwd())  # for the user's own options; last, so that they shadow no other module
    typed = sys.argv[1:] if words is None else words
    code = launch_exit_code(lambda: _launch(typed))  # of an error; a run that was started exits the process itself
    return NO_VERDICT if code and code != INTERRUPTED and _asks_for_verdict(typed) else code


def _asks_for_verdict(words: list[str]) -> bool:
    """Whether exit codes 0 to 2 are verdicts. Read from the arguments, because the config may not compose."""
    return any(word.lstrip("+") == "gate.exit_code=true" for word in words)


def _train(composed: DictConfig) -> float:
    """Run one job; returns the reward of its last evaluation, the objective of Hydra's sweepers."""
    from av_td3.run import last_reward, run  # torch takes seconds to import, which --help need not wait for

    hydra_config = HydraConfig.get()
    folder, cwd = Path(hydra_config.runtime.output_dir), Path(hydra_config.runtime.cwd)

    def train() -> int:
        job, overrides = job_of(composed, overrides_of(hydra_config))
        if hydra_config.mode is RunMode.MULTIRUN:
            name_in_tensorboard(Path(hydra_config.sweep.dir).absolute(), folder.absolute(), overrides)
        if job.gate.exit_code:
            return gate_exit_code(lambda: run(job, folder, overrides, cwd=cwd))
        run(job, folder, overrides, cwd=cwd)
        return FINISHED

    code = launch_exit_code(train)
    if code == INTERRUPTED and hydra_config.mode is RunMode.MULTIRUN:
        raise KeyboardInterrupt  # ends the whole sweep
    if code and hydra_config.mode is RunMode.RUN:
        sys.exit(code)  # a failed job does not stop the sweep; its status.json has the error
    return last_reward(folder)


def gate_exit_code(run: "Callable[[], Verdict | None]") -> int:
    """The exit code of the verdict, 0 to 2; 3 if there is none."""
    verdicts: list[Verdict | None] = []
    code = launch_exit_code(lambda: verdicts.append(run()))
    if code == INTERRUPTED:
        return code
    return NO_VERDICT if code or verdicts[0] is None else VERDICT_CODES[verdicts[0].value]


def _launch(words: list[str]) -> None:
    """Let Hydra run the jobs; after a sweep, summarize them, unless they were only submitted."""
    options = parse_arguments(words)
    require_train("training")
    hydra.version.setbase("1.3")
    failed = False
    try:
        # As in hydra.main, which parses sys.argv itself and accepts overrides on one side of an option only.
        _run_hydra(options, get_args_parser(), _train, str(CONF), CONFIG_NAME)
    except HydraException as error:
        raise ConfigError(explain(error, options)) from error
    except (ConfigError, OmegaConfBaseException, YAMLError):
        raise
    except KeyboardInterrupt:
        sweep = _sweep_folder()
        if sweep is None:
            raise
        raise Interrupted(f"the sweep was interrupted; {_what_remains(sweep)}") from None
    except Exception as error:
        if _sweep_folder() is None:
            raise
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)  # of one job; the others continue
        failed = True
    sweep = _sweep_folder()
    if sweep is not None:
        detached = HydraConfig.get().launcher.get("detach", False)  # other launchers do not have it
        submitted = read_slurm_jobs(sweep) if detached else None
        if submitted is not None:
            print_submission(sweep, submitted)
            sys.exit(FAILED if failed else FINISHED)
        from av_td3.cli.sweep_summary import summarize_sweep
        from av_td3.report.terminal import console

        sys.exit(summarize_sweep(sweep, console()))


def _sweep_folder() -> Path | None:
    """The folder of the sweep that this process runs; None for a single run, and before the sweep has started."""
    if not HydraConfig.initialized() or HydraConfig.get().mode is not RunMode.MULTIRUN:
        return None
    return Path(HydraConfig.get().sweep.dir).absolute()


def _what_remains(sweep: Path) -> str:
    """How to go on with an interrupted sweep."""
    if (sweep / SLURM_FILE).is_file():
        return f"its SLURM jobs continue: av-td3 sweep {shlex.quote(str(sweep))} --watch"
    return f"repeat its command with hydra.sweep.dir={sweep} to run the remaining jobs"


def print_submission(sweep: Path, submitted: SlurmJobs) -> None:
    """Say which SLURM jobs run a sweep, and how to watch them."""
    print(f"submitted    {' '.join(ids[-1] for ids in submitted.jobs.values())}")
    print(f"sweep folder {sweep}")
    print(f"watch        av-td3 sweep {shlex.quote(str(sweep))} --watch")
