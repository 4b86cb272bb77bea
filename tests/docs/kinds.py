"""Kinds of printed commands. Each kind has a test."""

from tests.docs.printed import EXTENDING, Script, program, scripts

CLUSTER, GPU = "hydra/launcher=slurm", "replay.storage=device"


def kind(script: Script) -> str:
    """The kind of a command. Raises AssertionError if there is none."""
    words, name = script.words, program(script.last)
    if script.where.startswith(EXTENDING):
        return "extension"
    if name == "make" or name == "pip":
        return name
    if name == "av-td3" and "train" in words:
        return "installed"
    if name == "av-td3" and any(word.startswith("simulator=carla_") for word in words):
        return "doctor of CARLA"
    if name == "av-td3" and "--cancel-doomed" in words:
        return "on a cluster"
    if name == "av-td3":
        return next((tool for tool in ("simulator", "doctor", "export", "evaluate", "watch") if tool in words), "tool")
    if name == "python" and "av_td3.env.draw_routes" in words:
        return "draw routes"
    if name == "python" and "bench/learning_curves.py" in words:
        return "learning curves"
    if name == "python" and "bench/side_by_side.py" in words:
        return "side by side"
    if name == "python" and any(word.startswith("bench/") for word in words):
        return "bench"
    if name == "python" and any(word.startswith("av_td3.simulator.builtin.") for word in words):
        return words[-1].rpartition(".")[2] if len(words) == 3 else "contact sheet"
    assert name == "python", f"{script.where}: {script.last}: no test knows what to do with it"
    assert words[1] == "launch.py", f"{script.where}: {script.last}: no test knows what to do with it"
    return _kind_of_launch(words)


def _kind_of_launch(words: list[str]) -> str:
    if "--help" in words or "--cfg" in words:
        return "shown"
    if CLUSTER in words:
        return "cluster"
    if GPU in words:
        return "on a GPU"
    if any(word.startswith("simulator=carla_") for word in words):
        return "on CARLA"
    if "simulator=carla" in words:
        return "on a server"
    if any(word.startswith("resume=") for word in words):
        return "resumed"
    if "hydra/sweeper=optuna" in words:
        return "optuna"
    return "multirun" if "-m" in words else "run"


def of_kind(name_of_kind: str) -> dict[str, object]:
    """For ``pytest.mark.parametrize``: the commands of a kind, with ids of place and text."""
    found = [script for script in scripts() if kind(script) == name_of_kind]
    assert found, f"no command is of the kind {name_of_kind}"
    return {"argnames": "script", "argvalues": found, "ids": [f"{s.where}: {' '.join(s.words)}"[:120] for s in found]}
