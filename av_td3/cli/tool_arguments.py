"""The arguments of the command line tools, and their help pages."""

import argparse
from pathlib import Path
from typing import Any, NoReturn

from av_td3.cli.failures import TOOL_FAILED
from av_td3.cli.version import version

CODES = "Any failure exits with code 3 and one line on standard error; AV_TD3_TRACEBACK=1 shows the traceback."
ABOUT = "Train visual TD3 agents in CARLA, and diagnose the logs of any reinforcement-learning program."
LISTS = ("words", "overrides")  # arguments that take overrides
RUN = "a run's folder, any folder with a log, an event file, or a table such as progress.csv"


class Parser(argparse.ArgumentParser):
    """Reports errors in one line, with an exit code that is not a verdict."""

    def error(self, message: str) -> NoReturn:
        self.exit(TOOL_FAILED, f"error: {' '.join(message.split())}; see {self.prog} --help\n")


def parse_tool(words: list[str]) -> argparse.Namespace:
    """Parse the words after ``av-td3``. Overrides may stand on both sides of an option, which argparse itself refuses."""
    parser = _parser()
    arguments, others = parser.parse_known_args(words)
    listed = next((name for name in LISTS if hasattr(arguments, name)), None)
    if others and (listed is None or any(word.startswith("-") for word in others)):
        parser.exit(TOOL_FAILED, f"error: unrecognized arguments: {' '.join(others)}; see av-td3 {arguments.tool} --help\n")
    if listed is not None:
        getattr(arguments, listed).extend(others)
    return arguments


def _path(text: str) -> Path:
    """A path. An empty one is usually an unset variable of a script, and would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name is not a file or folder")
    return Path(text)


def _from_zero(text: str) -> int:
    """A number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number from 0 on")
    return int(text)


def _positive(text: str) -> int:
    """A number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number from 1 on")
    return int(text)


def _parser() -> Parser:
    parser = Parser(
        prog="av-td3",
        description=ABOUT,
        epilog=CODES,
    )
    parser.add_argument("--version", action="version", version=f"av-td3 {version()}")
    tools = parser.add_subparsers(required=True, metavar="TOOL", dest="tool")

    _add_tool(
        tools,
        "train",
        "train, as python launch.py does in a checkout; its arguments are Hydra's",
        "Exit code 0 if the run has finished, 1 if it failed, 2 for invalid input.",
    )
    simulator = _add_tool(
        tools,
        "simulator",
        "serve a built-in town to any CARLA 0.9.16 client",
        "Runs until Ctrl-C. Exit code 2 for an unknown town, and for a port that is invalid or in use.",
    )
    simulator.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: loopback); on any other, everybody who reaches this machine can drive",
    )
    simulator.add_argument("--port", type=int, default=2000, help="RPC port; streams use the next one; 0 selects free ports")
    simulator.add_argument("--town", default="Suburb01", help="map to load first (default: %(default)s)")
    simulator.add_argument(
        "--quality",
        choices=("low", "high"),
        default="low",
        help="of images: low, as in training, is fast; high is to look at (default: %(default)s)",
    )
    simulator.add_argument("--stop-with-input", action="store_true", help="end when standard input ends")

    watch = _add_tool(
        tools,
        "watch",
        "show what the car of a running training sees and does, on a web page for this machine only",
        "Runs until Ctrl-C or the end of the run, then exits with code 0. Exit code 3 if the run has ended already.",
    )
    watch.add_argument("run", type=_path, help="the folder of a running run; it may be on a disk that machines share")
    watch.add_argument("--port", type=int, default=0, help="of the page, on loopback (default: a free one)")
    watch.add_argument(
        "--record",
        type=_path,
        metavar="FILE",
        help="also record the first environment, as .mp4, or as .webp or .gif (animated)",
    )

    doctor = _add_tool(
        tools,
        "doctor",
        "check whether this machine can run a configuration, and forecast what the run will cost",
        "Exit code 0 if there is no problem, 1 if there is one.",
    )
    doctor.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for training, for example simulator=carla")
    _add_json(doctor)

    diagnose = _add_tool(
        tools,
        "diagnose",
        "find what is wrong with runs, with evidence and recommendations",
        "Exit code 0 if at least one run could be read, whatever the findings; a run that cannot be read gets a line on "
        "standard error. Exit code 3 if none could be read.",
    )
    diagnose.add_argument(
        "run", nargs="+", type=_path, help="folders of runs, or any folders with TensorBoard logs at any depth"
    )
    diagnose.add_argument("--verbose", action="store_true", help="list every rule that could not be checked, and what it lacks")
    _add_json(diagnose)
    _add_settings(diagnose)

    gate = _add_tool(
        tools,
        "gate",
        "evaluate the gate of a run: GO, NO-GO or INVESTIGATE",
        "Exit code 0 for GO, 1 for NO-GO, 2 for INVESTIGATE.",
    )
    gate.add_argument("run", type=_path, help=RUN)
    gate.add_argument("--gate", help="a file of conf/gate/, or your own .yaml file (default: the gate of the run)")
    _add_json(gate)
    _add_settings(gate)

    report = _add_tool(tools, "report", "write report.html, a single file, and report.json", "Exit code 0.")
    report.add_argument("run", type=_path, help=RUN)
    report.add_argument("--output", type=_path, help="folder to write to (default: the run's; for an event file, this one)")
    _add_settings(report)

    compare = _add_tool(
        tools, "compare", "compare two runs, or two evaluations: comparison.html and comparison.md", "Exit code 0."
    )
    compare.add_argument("baseline", type=_path, help=f"the run before the change: {RUN}; or an evaluation's folder")
    compare.add_argument("candidate", type=_path, help="the run after it, or the other evaluation's folder")
    compare.add_argument("--output", type=_path, help="folder to write to (default: the candidate's)")
    _add_tags(compare)

    _add_evaluate(tools)

    export = _add_tool(
        tools,
        "export",
        "write the policy of a run, and its model card, for programs without this package",
        "Exit code 0.",
    )
    export.add_argument("run", type=_path, help="folder of a run, or of one checkpoint in it")
    export.add_argument("--format", choices=("onnx", "torchscript"), required=True, help="of the file")
    export.add_argument("--checkpoint", default="last", help="last, best (by evaluation), or a step (default: %(default)s)")
    export.add_argument("--output", type=_path, help="folder to write to (default: export in the run's)")
    _add_packages(export)

    sweep = _add_tool(
        tools,
        "sweep",
        "summarize every run of a multirun: sweep.csv and sweep.html",
        "Exit code 0 if there are runs, including failed and unreadable ones, which are shown as such.",
    )
    sweep.add_argument("folder", type=_path, help="the multirun's folder")
    mode = sweep.add_mutually_exclusive_group()
    mode.add_argument("--watch", action="store_true", help="update every few seconds until no job is queued or running")
    mode.add_argument(
        "--cancel-doomed", action="store_true", help="cancel the SLURM jobs whose alerts say that they are lost, and no other"
    )
    sweep.add_argument("--output", type=_path, help="folder to write to (default: the multirun's)")

    sbatch = _add_tool(
        tools,
        "sbatch",
        "print the batch script of a run on SLURM, with the resources of hardware.slurm; creates the run's folder",
        "Several runs are submitted by python launch.py -m ... hydra/launcher=slurm hydra.launcher.detach=true. Exit code 0.",
    )
    sbatch.add_argument("overrides", nargs="*", help="of the run, as on the command line of python launch.py")
    sbatch.add_argument("--config-dir", type=_path, help="a folder with more files of config groups")
    return parser


def _add_tool(tools: Any, name: str, what: str, codes: str) -> argparse.ArgumentParser:
    """Add a tool whose help page describes it and its exit codes."""
    tool: argparse.ArgumentParser = tools.add_parser(
        name, allow_abbrev=False, help=what, description=f"{what[0].upper()}{what[1:]}.", epilog=f"{codes} {CODES}"
    )
    return tool


def _add_evaluate(tools: Any) -> None:
    evaluate = _add_tool(
        tools,
        "evaluate",
        "drive fixed routes with the policy of a run, or with another driver, and measure how",
        "Writes episodes.csv, evaluation.json, evaluation.html and table.tex. Exit code 0, whatever the result.",
    )
    evaluate.add_argument(
        "words",
        nargs="*",
        metavar="RUN|KEY=VALUE",
        help="folders of runs or checkpoints; changes of their config, for example scenario.npc_vehicles=50",
    )
    evaluate.add_argument("--checkpoint", default="last", help="last, best (by evaluation), or a step (default: %(default)s)")
    evaluate.add_argument(
        "--driver",
        choices=("policy", "pure_pursuit", "autopilot", "random"),
        default="policy",
        help="what drives: the policy of the run, pure pursuit, the client's autopilot, or random actions",
    )
    which = evaluate.add_mutually_exclusive_group()
    which.add_argument(
        "--routes",
        metavar="SET",
        help="a file of conf/routes/, or a .yaml or leaderboard .xml file (default: scenario.test_routes, or those of --town)",
    )
    which.add_argument("--episodes", type=_positive, metavar="N", help="draw N routes from the seed instead")
    evaluate.add_argument("--repeats", type=_positive, default=1, help="of each route, with other traffic (default: 1)")
    evaluate.add_argument("--seed", type=_from_zero, default=0, help="of traffic and drawn routes (default: 0)")
    evaluate.add_argument("--town", help="to drive in, for example one that was not trained in")
    evaluate.add_argument("--weather", help="of CARLA's presets, for example HardRainNoon")
    evaluate.add_argument("--video", action="store_true", help="record each episode as MP4; conf/render/ has the views")
    evaluate.add_argument("--output", type=_path, help="folder to write to (default: below the run's, or in outputs)")
    _add_packages(evaluate)


def _add_packages(tool: argparse.ArgumentParser) -> None:
    tool.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="a package besides av_td3 whose classes the run's config may name; may be repeated",
    )


def _add_json(tool: argparse.ArgumentParser) -> None:
    tool.add_argument("--json", action="store_true", help="print JSON instead of text")


def _add_settings(tool: argparse.ArgumentParser) -> None:
    tool.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting that is missing in the log, by its key in conf/, for example "
        "algorithm.gradient_clipping.actor_max_norm=1.0; may be repeated",
    )
    _add_tags(tool)


def _add_tags(tool: argparse.ArgumentParser) -> None:
    tool.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="TAG=NAME",
        help='what to read a tag of another program as, by our name, for example "Av. Q=train/q1_value"; may be repeated',
    )
