"""Updates per second of our TD3 and of Stable-Baselines3's, including sampling from a full replay.

    python bench/update.py --rounds 9          # cpu
    python bench/update.py --device cuda       # replay.storage=device
    python bench/update.py --network small_cnn --batch 64
    python bench/update.py --json FILE         # all values, and ratio: {fp32, bf16}, ours over the baseline

Same layers on both sides (by default NatureCNN with 512 ReLU features, heads of 256 and 256), same batch, same machine; the
cases alternate within one run, and values are medians over rounds. `unmonitored` is ours without its monitor, `unmeasured` also
without the norms and skips of its optimizers, to show their cost.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import baseline
import numpy as np
import torch
from quick import NOTE, add_quick, require
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from av_td3.agents.clipped_optimizer import ClippedOptimizer, OptimizerStats
from av_td3.agents.clipping import ClipReport, Norms
from av_td3.agents.compute import choose, keep_freed_memory
from av_td3.agents.monitor import Monitor
from av_td3.agents.td3 import TD3
from av_td3.agents.td3_update import TD3Update
from av_td3.config.composition import experiment
from av_td3.config.experiment import Config
from av_td3.replay.buffer import Replay
from av_td3.replay.frames import frame_storage

BASELINE = "Stable-Baselines3, fp32"
QUICK = (BASELINE, "ours, fp32", "ours, fp32, unmonitored", "ours, fp32, unmeasured")
TRANSITIONS = 2000  # in each replay; the cost of a uniform sample does not depend on it
ROUND_SECONDS = 1.5  # approximate duration of a round, which has at least two updates
Update = Callable[[], None]


class SilentMonitor(Monitor):
    """Measures nothing."""

    def wants_update_ratio(self, updates: int) -> bool:
        return False

    def record(self, update: TD3Update) -> None:
        pass


class UnmeasuredOptimizer(ClippedOptimizer):
    """Backward, the clip of PyTorch, the step; nothing is kept of it."""

    def minimize(self, loss: torch.Tensor, *, measure_update_ratio: bool) -> OptimizerStats:
        """Take one step down the gradient of ``loss``."""
        self.optimizer.zero_grad()
        loss.backward(inputs=self._parameters)
        zero = torch.zeros(())
        norms = Norms(torch.nn.utils.clip_grad_norm_(self._parameters, self._clip._max_norm, foreach=True), {})
        self.optimizer.step()
        return OptimizerStats(ClipReport(norms, norms, zero), zero, zero, {})


def unmonitored(agent: TD3) -> TD3:
    """The learner without its monitor."""
    agent._monitor.__class__ = SilentMonitor
    return agent


def unmeasured(agent: TD3) -> TD3:
    """The learner without its monitor, and without its measurements of the gradients."""
    agent.actor_optimizer.__class__ = agent.critic_optimizer.__class__ = UnmeasuredOptimizer
    return unmonitored(agent)


def configured(*overrides: str) -> Config:
    return experiment(["name=bench", *overrides])


class Size(NamedTuple):
    """What both sides learn: the config name of their network, and the transitions of a batch."""

    network: str
    batch: int


def ours(
    device: str, size: Size, precision: str, compiled: bool, without: Callable[[TD3], TD3] = lambda agent: agent
) -> Update:
    """An update of ours, configured as the reference TD3 (no penalty)."""
    config = configured(
        f"network={size.network}",
        "algorithm.pre_tanh_penalty=0.0",
        f"hardware.device={device}",
        f"hardware.precision={precision}",
        f"hardware.compile={str(compiled).lower()}",
    )
    compute = choose(config.hardware)
    agent = without(config.algorithm.build(config, compute))
    frames = frame_storage("memory" if device == "cpu" else "device", TRANSITIONS + 1, (1, 84, 84), Path(), compute.device)
    replay, rng = Replay(frames, 23, 2, stack=4, discount=0.99), np.random.default_rng(0)
    fill(replay, rng)

    def update() -> None:
        agent.update(replay.sample(size.batch, rng))
        if agent.updates % config.logging.every_updates == 0:
            agent.drain()

    return update


def fill(replay: Replay, rng: np.random.Generator) -> None:
    """Fill a replay with one long episode of random transitions."""

    def observation() -> dict[str, Any]:
        frames = rng.integers(0, 256, (1, 84, 84), dtype=np.uint8)
        return {"image": frames, "vector": rng.uniform(-1.0, 1.0, 23).astype(np.float32)}

    replay.begin_episode(observation())
    for _ in range(TRANSITIONS):
        action = rng.uniform(-1.0, 1.0, 2).astype(np.float32)
        replay.add(action, float(rng.normal()), bool(rng.random() < 0.02), observation())


def baseline_update(device: str, size: Size) -> Update:
    """One update of the baseline."""
    model = baseline.learner(device, size.batch, TRANSITIONS, configured(f"network={size.network}").network)
    return lambda: model.train(1, size.batch)


def cases(device: str, size: Size) -> dict[str, Callable[[], Update]]:
    """The cases by name."""
    return {
        BASELINE: lambda: baseline_update(device, size),
        "ours, fp32": lambda: ours(device, size, "fp32", False),
        "ours, fp32, unmonitored": lambda: ours(device, size, "fp32", False, unmonitored),
        "ours, fp32, unmeasured": lambda: ours(device, size, "fp32", False, unmeasured),
        "ours, fp32, compiled": lambda: ours(device, size, "fp32", True),
        "ours, bf16": lambda: ours(device, size, "bf16", False),
        "ours, bf16, compiled": lambda: ours(device, size, "bf16", True),
    }


def seconds(update: Update, times: int, device: str) -> float:
    """Seconds per update over ``times`` updates."""
    _wait_for(device)
    began = time.perf_counter()
    for _ in range(times):
        update()
    _wait_for(device)
    return (time.perf_counter() - began) / times


def _wait_for(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


class Case:
    """A case in its own process, so that memory and settings of the C library are as in a run."""

    def __init__(self, name: str, device: str, size: Size, round_seconds: float):
        what = ["--device", device, "--network", size.network, "--batch", str(size.batch)]
        command = [sys.executable, __file__, *what, "--serve", name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.seconds(2)  # compile and fill caches
        self._times = 2 * max(1, round(round_seconds / self.seconds(2) / 2))
        print(f"{name}: {self._times} updates a round", file=sys.stderr)

    def round(self) -> float:
        """Seconds per update over one round."""
        return self.seconds(self._times)

    def seconds(self, times: int) -> float:
        """Seconds per update over ``times`` updates."""
        return self._ask(times)

    def close(self) -> float:
        """End the process; returns its peak memory in megabytes, that of the GPU if it used one."""
        megabytes = self._ask(0)
        self._process.wait()
        return megabytes

    def _ask(self, times: int) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(times, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


def serve(name: str, device: str, size: Size) -> None:
    """The process of a case: read numbers, do as many updates and print the seconds; for 0, print the peak memory."""
    if name != BASELINE:
        keep_freed_memory()  # as in a run
    update = cases(device, size)[name]()
    while times := int(input()):
        print(seconds(update, times, device), flush=True)
    print(torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else _peak_resident(), flush=True)


def _peak_resident() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1e3


def flops_per_update(device: str, size: Size) -> float:
    """Floating point operations per update; every second update also trains the actor."""
    update = ours(device, size, "fp32", False)
    with FlopCounterMode(display=False) as counter:
        update()
        update()
    return counter.get_total_flops() / 2


def matrix_peak(device: str, dtype: torch.dtype) -> float:
    """Floating point operations per second of matrix products, the best of several up to a duration of 0.2 s."""
    best = 0.0
    for side in (256, 512, 1024, 2048, 4096, 8192):
        a = torch.randn(side, side, device=device).to(dtype)
        took = min(seconds(lambda a=a: torch.mm(a, a), 1, device) for _ in range(5))
        best = max(best, 2.0 * side**3 / took)
        if 8.0 * took > 0.2:
            break
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--network", choices=("nature_cnn_plain", "small_cnn"), default="nature_cnn_plain")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", metavar="CASE", help=argparse.SUPPRESS)
    add_quick(parser)
    arguments = parser.parse_args()
    quick, device = arguments.quick, arguments.device
    size = Size(arguments.network, 8 if quick else arguments.batch)
    if arguments.serve:
        serve(arguments.serve, device, size)
        return
    require(device, quick=quick)
    rounds, round_seconds = (1, 0.0) if quick else (arguments.rounds, ROUND_SECONDS)
    names = [name for name in cases(device, size) if not quick or name in QUICK]
    running = {name: Case(name, device, size, round_seconds) for name in names}
    times: dict[str, list[float]] = {name: [] for name in running}
    for _ in range(rounds):
        for name, case in running.items():
            times[name].append(case.round())
    memory = {name: case.close() for name, case in running.items()}
    peaks = {"fp32": matrix_peak(device, torch.float32), "bf16": matrix_peak(device, torch.bfloat16)}
    report = summary(times, memory, flops_per_update(device, size), peaks)
    report |= {"machine": machine(device), "network": size.network, "batch": size.batch}
    show(report)
    if quick:
        Console().print(f"{NOTE}; bf16 and compiled learners were left out")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


def summary(found: dict[str, list[float]], memory: dict[str, float], flops: float, peaks: dict[str, float]) -> dict[str, Any]:
    """Medians and ratios."""
    medians = {name: statistics.median(times) for name, times in found.items()}

    best = {
        precision: min(medians[name] for name in medians if name in (f"ours, {precision}", f"ours, {precision}, compiled"))
        for precision in ("fp32", "bf16")
        if f"ours, {precision}" in medians
    }
    return {
        "flops_per_update": flops,
        "matrix_peak_flops_per_s": peaks,
        "cases": {
            name: {
                "ms": 1e3 * medians[name],
                "ms_lowest": 1e3 * min(times),
                "ms_highest": 1e3 * max(times),
                "updates_per_s": 1.0 / medians[name],
                "share_of_peak": flops / medians[name] / peaks["bf16" if "bf16" in name else "fp32"],
                "peak_memory_mb": memory[name],
            }
            for name, times in found.items()
        },
        "ratio": {precision: medians[BASELINE] / fastest for precision, fastest in best.items()},
        "monitor_cost": medians["ours, fp32"] / medians["ours, fp32, unmonitored"] - 1.0,
        "measurements_cost": medians["ours, fp32"] / medians["ours, fp32, unmeasured"] - 1.0,
    }


def machine(device: str) -> str:
    """Processor, threads and versions."""
    name = torch.cuda.get_device_name() if device == "cuda" else _processor()
    return f"{name}; {torch.get_num_threads()} threads; {baseline.version()}"


def _processor() -> str:
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return platform.processor()


def show(report: dict[str, Any]) -> None:
    peaks = ", ".join(f"{name} {peak / 1e9:.0f}" for name, peak in report["matrix_peak_flops_per_s"].items())
    console, table = Console(), Table("case", "ms, median", "lowest", "highest", "updates/s", "of peak", "memory, MB")
    console.print(f"{report['machine']}; {report['network']}, batch {report['batch']}")
    console.print(f"{report['flops_per_update'] / 1e9:.1f} GFLOP an update; matrix product, GFLOP/s: {peaks}")
    for name, case in report["cases"].items():
        numbers = [f"{case[key]:.4g}" for key in ("ms", "ms_lowest", "ms_highest", "updates_per_s", "share_of_peak")]
        table.add_row(name, *numbers, f"{case['peak_memory_mb']:.0f}")
    console.print(table)
    ratios = ", ".join(f"{name} {ratio:.2f}" for name, ratio in report["ratio"].items())
    console.print(f"ours over the baseline: {ratios}")
    console.print(
        f"the monitor costs {report['monitor_cost']:.1%} of an update, all measurements {report['measurements_cost']:.1%}"
    )


if __name__ == "__main__":
    main()
