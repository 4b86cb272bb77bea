"""The one entry point: Hydra composes the config from conf/, av_td3.run does the rest.

python launch.py                                                  one run
python launch.py algorithm.gradient_clipping.actor_max_norm=1.0   one number changed
python launch.py resume=outputs/2026-11-21/12-37-37-micro_500     go on with a run that was stopped
python launch.py --help                                           groups and examples
"""

import os
import sys

import hydra
from omegaconf import DictConfig

from av_td3.command_line import exit_code, with_resume
from av_td3.config import register_schema

os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # let exceptions through: command_line says them in one line
register_schema()


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(composed: DictConfig) -> None:
    """Run one experiment."""
    from av_td3.run import run  # torch takes seconds to import, --help should not

    code = exit_code(lambda: run(composed))
    if code:
        sys.exit(code)


def start() -> None:
    """The command line, with ``resume=DIR`` spelled out."""
    sys.argv[1:] = with_resume(sys.argv[1:])
    main()


if __name__ == "__main__":
    sys.exit(exit_code(start))
