"""Start what a printed command starts, only shorter: ``python briefly.py launch.py ...`` for ``python launch.py ...``.

Nothing here replaces a default that a command relies on: not the folder, the name, the simulator or its port.
"""

import os
import sys

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

BRIEF = {
    "total_steps": "40",
    "algorithm.learning_starts": "20",
    "algorithm.batch_size": "16",
    "evaluation.every_steps": "100",
    "evaluation.episodes": "1",
    "checkpoint.every_steps": "40",
    "scenario.max_episode_steps": "20",
    "hardware.threads": "1",
}
LONGER = "total_steps=100"  # for a run of tests/docs/folders.py that was stopped, where a command extends it
TRIALS = "hydra.sweeper.n_trials=2"


def briefer(arguments: list[str]) -> list[str]:
    """The arguments of ``python`` with overrides that shorten the run to seconds."""
    if arguments[0] in ("bench/learning_curves.py", "bench/side_by_side.py"):
        return arguments
    if arguments[0].startswith("bench/"):
        return [*arguments, "--quick"]
    if arguments[0] != "launch.py" or "--help" in arguments or "--cfg" in arguments:
        return arguments
    if any(argument.startswith("resume=") for argument in arguments):
        return [*arguments, LONGER] if any(argument.startswith("total_steps=") for argument in arguments) else arguments
    brief = [f"{key}={value}" for key, value in BRIEF.items()]
    if not any(argument.startswith(("network=", "init_from=")) for argument in arguments):
        brief.append("network=small_cnn")
    if any(argument.startswith("hydra.sweeper.n_trials=") for argument in arguments):
        brief.append(TRIALS)
    return after_overrides(two_jobs(arguments), brief)


def after_overrides(arguments: list[str], more: list[str]) -> list[str]:
    """Insert after the last override and before trailing options, because argparse accepts consecutive overrides only."""
    last = max(place for place, argument in enumerate(arguments) if not argument.startswith("-"))
    return [*arguments[: last + 1], *more, *arguments[last + 1 :]]


def two_jobs(arguments: list[str]) -> list[str]:
    """Keep the first two values of the first swept key and the first value of the others, also for files of sweeps/."""
    parser, kept, wanted = OverridesParser.create(), [arguments[0]], 2
    for argument in arguments[1:]:
        if argument.startswith("-") or not (override := parser.parse_override(argument)).is_choice_sweep():
            kept.append(argument)
            continue
        values = list(override.sweep_string_iterator())[:wanted]
        kept.append(f"{argument.partition('=')[0]}={','.join(values)}")
        wanted = 1
    names = [argument.partition("=")[2] for argument in arguments if argument.startswith("+sweep=")]
    return after_overrides(kept, [grid_of_two(name) for name in names])


def grid_of_two(name: str) -> str:
    """The override that reduces a sweep to two jobs, for ``sweeps/<name>.yaml``."""
    swept = OmegaConf.load(f"sweeps/{name}.yaml").hydra.sweeper.params
    numbers = [2, *[1] * (len(swept) - 1)]
    rows = (
        f'{key}:"{",".join(str(values).split(",")[:number])}"'
        for (key, values), number in zip(swept.items(), numbers, strict=True)
    )
    return f"hydra.sweeper.params={{{','.join(rows)}}}"


if __name__ == "__main__":
    os.execv(sys.executable, [sys.executable, *briefer(sys.argv[1:])])
