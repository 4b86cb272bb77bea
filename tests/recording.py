"""Record what a set of short runs and logs comes to, to the last bit; and compare two such records.

A refactoring must not change a number. Record before it, record after it, compare:

    python -m tests.recording record outputs/recording/before
    python -m tests.recording record outputs/recording/after
    python -m tests.recording compare outputs/recording/before outputs/recording/after

``--logs FOLDER`` (repeatable) adds the verdicts and findings on all TensorBoard logs below a folder, ``--tree DIR`` records
another checkout. Fourteen runs take four to twelve minutes on two cores. Records hold for one machine and version of torch.
"""

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = Path(__file__).resolve().parents[1]
COMMON = ("experiment=micro_500", "hardware.threads=1", "hardware.precision=fp32", "evaluation.episodes=1")
UNBROKEN = {
    "td3-0": ("seed=0",),
    "td3-1": ("seed=1",),
    "ddpg-0": ("algorithm=ddpg", "seed=0"),
    "ddpg-1": ("algorithm=ddpg", "seed=1"),
    "critic_owned": ("network.gradient_routing=critic_owned",),
    "entangled": ("network.gradient_routing=entangled",),
    "plain-off": ("network=nature_cnn_plain", "clipping=off"),
    "n_step": ("algorithm.n_step=3", "algorithm.reward_normalization=true"),
    "per_module": ("algorithm.gradient_clipping.scope=per_module", "algorithm.optimizer=adamw", "algorithm.weight_decay=1e-3"),
    "drq": ("network=small_cnn", "network.random_shift=4", "network.gradient_routing=critic_owned"),
    "bf16": ("hardware.precision=bf16", "scenario=loop"),
    "reward": ("reward.weights.progress=0.5", "reward.collision=-5", "reward.clip=3", "scenario=suburb_empty"),
}
KILLED_AFTER = {"resumed-1": 1, "resumed-2": 1}  # checkpoints until the run is killed, and started again
RESUMED = {"resumed-1": ("seed=2", "checkpoint.every_steps=100"), "resumed-2": ("seed=3", "replay.storage=disk")}
FORMER_NAMES = {"drives.csv": "trajectories.csv"}  # of tables, in records of other versions
UNREPEATABLE = ("perf/",)  # tags that depend on the machine's speed


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(required=True, dest="action")
    record = actions.add_parser("record")
    record.add_argument("folder", type=Path)
    record.add_argument("--logs", type=Path, action="append", default=[], help="a folder with TensorBoard logs in or below")
    record.add_argument("--tree", type=Path, default=ROOT, help="the checkout to record (default: this one)")
    record.add_argument("--only", action="append", default=[], help="names of runs; default: all")
    compare = actions.add_parser("compare")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    arguments = parser.parse_args()
    if arguments.action == "compare":
        return compare_records(arguments.before, arguments.after)
    record_all(arguments.tree.resolve(), arguments.folder.resolve(), arguments.logs, arguments.only)
    return 0


def record_all(tree: Path, folder: Path, logs: list[Path], only: list[str]) -> None:
    """Write a JSON file for each run and each log into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, overrides in (UNBROKEN | RESUMED).items():
        if only and name not in only:
            continue
        run = folder / "runs" / name
        command = [sys.executable, "launch.py", f"hydra.run.dir={run}", "name=recording", *COMMON, *overrides]
        if name in RESUMED:
            _kill_after(command, tree, run, KILLED_AFTER[name])
        code = subprocess.run(command, cwd=tree, capture_output=True, env=_environment(tree)).returncode
        _write(folder / f"{name}.json", {"exit code": code} | recorded_run(run))
        print(f"{name}: exit code {code}")
    for log in sorted({path.parent for root in logs for path in root.rglob("*tfevents*")}):
        command = [sys.executable, "-m", "av_td3"]
        diagnosis = _json([*command, "diagnose", "--json", str(log)], tree)
        gate = _json([*command, "gate", "--json", str(log)], tree)
        _write(
            folder / f"log-{hashlib.sha256(str(log).encode()).hexdigest()[:12]}.json", {"log": str(log), **diagnosis, **gate}
        )
        print(f"{log}: {gate.get('verdict')}")


def recorded_run(run: Path) -> dict[str, Any]:
    """What a finished run left behind, without what depends on the clock."""
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0}).Reload()
    scalars = {
        tag: [[event.step, event.value.hex()] for event in events.Scalars(tag)]
        for tag in sorted(events.Tags()["scalars"])
        if not tag.startswith(UNREPEATABLE)
    }
    status = json.loads((run / "status.json").read_text())
    newest = max((run / "checkpoints").glob("[0-9]*"), key=lambda path: int(path.name))
    state = torch.load(newest / "state.pt", weights_only=True)
    return {
        "status": {key: status[key] for key in ("state", "step", "verdict", "reason")},
        "checkpoint": newest.name,
        "weights": sorted(_digests(state["agent"]).items()),
        "tables": {path.name: list(csv.reader(path.open(newline=""))) for path in sorted(run.glob("*.csv"))},
        "scalars": scalars,
    }


def compare_records(before: Path, after: Path) -> int:
    """Print every difference; 1 where there is one."""
    names = sorted({path.name for folder in (before, after) for path in folder.glob("*.json")})
    found = 0
    for name in names:
        if not all((folder / name).is_file() for folder in (before, after)):
            different = ["recorded only once"]
        else:
            first, second = (_read(folder / name) for folder in (before, after))
            different = list(_differences(first, second, ""))
        print(f"{name.removesuffix('.json')}: {'the same' if not different else f'{len(different)} differences'}")
        for line in different[:10]:
            print(f"    {line}")
        found += len(different)
    return 1 if found or not names else 0


def _differences(first: Any, second: Any, path: str) -> list[str]:
    if isinstance(first, dict) and isinstance(second, dict):
        keys = sorted(first.keys() | second.keys())
        return [d for k in keys for d in _differences(first.get(k), second.get(k), f"{path}/{k}")]
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [d for i, (a, b) in enumerate(zip(first, second, strict=True)) for d in _differences(a, b, f"{path}/{i}")]
    return [] if first == second else [f"{path}: {str(first)[:120]} | {str(second)[:120]}"]


def _digests(node: Any, path: str = "") -> dict[str, str]:
    """The SHA-256 of every tensor, and every other value, of a nested state, by its place."""
    if isinstance(node, torch.Tensor):
        content = (
            node.detach().cpu().contiguous().view(torch.uint8)
            if node.dim()
            else node.detach().cpu().reshape(1).view(torch.uint8)
        )
        return {path: hashlib.sha256(content.numpy().tobytes()).hexdigest()}
    if isinstance(node, dict):
        return {place: digest for key, value in node.items() for place, digest in _digests(value, f"{path}/{key}").items()}
    if isinstance(node, list | tuple):
        return {place: digest for i, value in enumerate(node) for place, digest in _digests(value, f"{path}/{i}").items()}
    return {path: repr(node)}


def _kill_after(command: list[str], tree: Path, run: Path, checkpoints: int) -> None:
    process = subprocess.Popen(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(tree))
    while process.poll() is None and len(list((run / "checkpoints").glob("[0-9]*/manifest.json"))) < checkpoints:
        time.sleep(0.05)
    time.sleep(2.0)
    process.kill()
    process.wait()


def _json(command: list[str], tree: Path) -> dict[str, Any]:
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, env=_environment(tree))
    content = json.loads(done.stdout) if done.stdout.strip() else {"error": done.stderr}
    return {"content": content} if isinstance(content, list) else content


def _environment(tree: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(tree)}


def _read(path: Path) -> dict[str, Any]:
    """A record, with its tables under their present names."""
    record: dict[str, Any] = json.loads(path.read_text())
    if "tables" in record:
        record["tables"] = {FORMER_NAMES.get(name, name): rows for name, rows in record["tables"].items()}
    return record


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1))


if __name__ == "__main__":
    sys.exit(main())
