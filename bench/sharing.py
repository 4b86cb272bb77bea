"""Time of two concurrent runs on one machine, relative to that of a single run.

    python bench/sharing.py                    # fp32, and bf16 if the processor supports it natively

Complete runs of `experiment=micro_500` with defaults, alternating: a single one, two started by hand at the same time, and two
as a local sweep (`hydra/launcher=joblib hydra.launcher.n_jobs=2`). Two runs that share the cores without loss take twice as
long as a single one, or less if a single one leaves cores idle.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from quick import NOTE, add_quick
from rich.console import Console
from rich.table import Table

from av_td3.agents.compute import NATIVE_BF16_FLAGS
from av_td3.machine.resources import usable_cores

ROUNDS = 3
LAUNCH = [sys.executable, str(Path(__file__).resolve().parents[1] / "launch.py"), "experiment=micro_500"]
JOBLIB = ["-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "seed=0,1"]
CASES = {
    "one alone": [["seed=0"]],
    "two by hand": [["seed=0"], ["seed=1"]],
    "two of a local sweep": [JOBLIB],
}


def seconds(commands: list[list[str]], overrides: list[str]) -> float:
    """Seconds from the start of the first run to the end of the last. Raises RuntimeError if one fails."""
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        runs = [
            subprocess.Popen([*LAUNCH, *overrides, *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for command in commands
        ]
        for run in runs:
            _, errors = run.communicate()
            if run.returncode:
                raise RuntimeError(f"{' '.join(map(str, run.args))}: {errors.decode()}")
        return time.perf_counter() - began


def precisions() -> list[str]:
    """The precisions that the processor supports natively."""
    native = NATIVE_BF16_FLAGS & set(Path("/proc/cpuinfo").read_text().split())
    return ["fp32", "bf16"] if native else ["fp32"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    add_quick(parser)
    arguments = parser.parse_args()
    rounds, overrides = arguments.rounds, []
    if arguments.quick:
        rounds, overrides = (
            1,
            ["total_steps=40", "algorithm.learning_starts=20", "algorithm.batch_size=16", "network=small_cnn"],
        )
    taken: dict[tuple[str, str], list[float]] = {}
    compared = precisions()[:1] if arguments.quick else precisions()
    for _ in range(rounds):
        for precision in compared:
            for case, commands in CASES.items():
                whole = seconds(commands, ["hardware.device=cpu", f"hardware.precision={precision}", *overrides])
                taken.setdefault((precision, case), []).append(whole)
    table = Table("precision", "runs", "s, median", "lowest", "highest", "of one alone")
    for (precision, case), measured in taken.items():
        alone, middle = statistics.median(taken[precision, "one alone"]), statistics.median(measured)
        table.add_row(precision, case, f"{middle:.1f}", f"{min(measured):.1f}", f"{max(measured):.1f}", f"{middle / alone:.2f}")
    console = Console()
    console.print(f"{usable_cores()} cores")
    console.print(table)
    if "bf16" not in precisions():
        console.print("bf16 was left out: this processor only emulates it")
    if arguments.quick:
        console.print(NOTE)


if __name__ == "__main__":
    main()
