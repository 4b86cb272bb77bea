"""Creates the folders that printed commands refer to, once."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from tests.diagnostics.logs import growing, healthy, norms, steady
from tests.docs.briefly import BRIEF
from tests.report.evaluations import episodes, write
from tests.report.folders import write_log, write_run
from tests.system.runs import status, until

PLACEHOLDERS = {
    "RUN": "finished",
    "RUN...": "finished",
    "BASELINE": "finished",
    "CANDIDATE": "other",
    "DIR": "sweep",
    "runs/that_exploded": "exploded",
    "runs/theirs": "theirs",
    "runs/before": "finished",
    "runs/after": "other",
    "outputs/first": "healthy",
    "outputs/2026-11-21/a-sweep": "sweep",
    "outputs/2026-11-21/12-37-37-learn_to_drive": "stopped",
    "outputs/2026-11-21/12-37-37-micro_500": "stopped",
    "outputs/DATE/RUN": "stopped",
    "outputs/evaluation-before": "evaluation",
    "outputs/evaluation-after": "other evaluation",
}
# Options of av-td3 whose value is no folder to read.
VALUED = (
    *("--set", "--tag", "--output", "--gate", "--format", "--checkpoint", "--driver", "--routes", "--episodes", "--repeats"),
    *("--seed", "--town", "--weather", "--record", "--port"),
)
STOPPED_STEPS = 90  # of the run that was stopped, had it come to its end


def named(words: list[str]) -> list[str]:
    """The folders that a command reads."""
    if "av-td3" in words and "train" not in words:
        arguments = words[words.index("av-td3") + 1 :]
        arguments = arguments[: arguments.index("&&")] if "&&" in arguments else arguments
        if arguments[0] in ("simulator", "doctor", "sbatch"):
            return []
        pairs = pairwise(arguments)
        read = [word for before, word in pairs if not word.startswith("-") and before not in VALUED]
        return [word for word in read if arguments[0] != "evaluate" or "=" not in word]
    return [word.partition("=")[2] for word in words if word.startswith(("resume=", "init_from="))]


class Made:
    """The folders of ``PLACEHOLDERS``, each created on first use, where need be by runs in a checkout.

    Args:
        folder: to create them in.
        checkout: where runs are started.
        environment: of the runs.

    """

    def __init__(self, folder: Path, checkout: Path, environment: dict[str, str]):
        self._in = folder
        self._checkout = checkout
        self._env = environment
        self._made: dict[str, Path] = {}

    def put(self, placeholder: str, into: Path) -> None:
        """Copy the folder of ``placeholder`` into a checkout."""
        shutil.copytree(self._folder(PLACEHOLDERS[placeholder]), into / placeholder)

    def _folder(self, name: str) -> Path:
        if name not in self._made:
            self._made[name] = self._makers()[name]()
        return self._made[name]

    def _makers(self) -> dict[str, Callable[[], Path]]:
        return {
            "sweep": self._sweep,
            "finished": lambda: self._folder("sweep") / "0",
            "other": lambda: self._folder("sweep") / "1",
            "stopped": self._stopped,
            "healthy": lambda: write_run(self._in / "healthy"),
            "exploded": self._exploded,
            "theirs": self._theirs,
            "evaluation": lambda: write(self._in / "evaluation", episodes()),
            "other evaluation": lambda: write(self._in / "other-evaluation", episodes(shift=0.1)),
        }

    def _sweep(self) -> Path:
        folder = self._in / "sweep"
        done = subprocess.run(self._command("seed=0,1", f"hydra.sweep.dir={folder}", "-m"), cwd=self._checkout, env=self._env)
        assert done.returncode == 0
        return folder

    def _stopped(self) -> Path:
        """A run that Ctrl-C ended after its first checkpoint."""
        folder = self._in / "stopped"
        often = ("checkpoint.every_steps=20", "scenario.max_episode_steps=10", f"total_steps={STOPPED_STEPS}")
        process = subprocess.Popen(
            self._command(*often, f"hydra.run.dir={folder}"),
            cwd=self._checkout,
            env=self._env,
        )
        until(lambda: list(folder.glob("checkpoints/*/manifest.json")), "a checkpoint", pause=0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130, "it ended before it could be stopped"
        assert status(folder)["step"] < STOPPED_STEPS
        return folder

    def _exploded(self) -> Path:
        """The log of another program: only an event file, with a diverging actor loss and a dead MLP."""
        folder, dead = self._in / "exploded", [0.1] * 4 + [0.0] * 36
        scalars = healthy() | {"train/actor_loss": growing(10.0, 1e7), "debug/actor_q_mean": growing(10.0, 1e7)}
        write_log(folder, scalars | norms("actor_mlp", dead, dead))
        return folder

    def _theirs(self) -> Path:
        """The log of another program with names of its own, of an agent that does not learn."""
        folder = self._in / "theirs"
        write_log(folder, {"Av. Q": steady(-20.0), "Reward": steady(50.0), "Critic Loss": steady(2.0)})
        return folder

    def _command(self, *overrides: str) -> list[str]:
        brief = [f"{key}={value}" for key, value in BRIEF.items()]
        return [sys.executable, "launch.py", *brief, *overrides]
