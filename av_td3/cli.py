"""``av-td3``: the tools that stand beside a run."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import NoReturn

from av_td3.process import die_with_parent


class Parser(argparse.ArgumentParser):
    """Says what was wrong in one line, with an exit code that is no verdict."""

    def error(self, message: str) -> NoReturn:
        """A wrong command line."""
        self.exit(3, f"error: {message}; {self.prog} --help shows what it takes\n")


def main(argv: list[str] | None = None) -> int:
    """Run one tool; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.tool == "simulator":
        return serve_simulator(arguments.port, arguments.town, arguments.stop_with_input)
    return _read(arguments)


def _parser() -> Parser:
    parser = Parser(prog="av-td3", description="Tools for visual TD3 experiments in CARLA.")
    tools = parser.add_subparsers(required=True, metavar="TOOL", dest="tool")

    simulator = tools.add_parser("simulator", help="serve a built-in town to any CARLA 0.9.16 client on loopback")
    simulator.add_argument("--port", type=int, default=2000, help="RPC port; streams use the next one; 0 takes free ports")
    simulator.add_argument("--town", default="Suburb01", help="map to load first (default: %(default)s)")
    simulator.add_argument("--stop-with-input", action="store_true", help="end when standard input ends")

    diagnose = tools.add_parser("diagnose", help="say what is wrong with runs, why it is thought so, and what to change")
    diagnose.add_argument("run", nargs="+", type=Path, help="run folders, or any folders with TensorBoard logs in or below")
    _add_json(diagnose)
    _add_settings(diagnose)

    gate = tools.add_parser("gate", help="GO, NO-GO or INVESTIGATE (exit code 0, 1, 2; 3 for what cannot be read)")
    gate.add_argument("run", type=Path, help="a run's folder, or any folder with a TensorBoard log")
    gate.add_argument("--gate", help="a file of conf/gate/, or a .yaml of your own (default: the run's own gate)")
    _add_json(gate)
    _add_settings(gate)

    report = tools.add_parser("report", help="write report.html, one file for a browser, and report.json")
    report.add_argument("run", type=Path, help="a run's folder, or any folder with a TensorBoard log")
    report.add_argument("--output", type=Path, help="folder to write to (default: the run's)")
    _add_settings(report)

    compare = tools.add_parser("compare", help="set two runs side by side: comparison.html and comparison.md")
    compare.add_argument("baseline", type=Path, help="the run before the change")
    compare.add_argument("candidate", type=Path, help="the run after it")
    compare.add_argument("--output", type=Path, help="folder to write to (default: the candidate's)")

    sweep = tools.add_parser("sweep", help="sum up every run of a multirun: sweep.csv and sweep.html")
    sweep.add_argument("folder", type=Path, help="the multirun's folder")
    sweep.add_argument("--watch", action="store_true", help="show it every few seconds until no job waits or runs")
    sweep.add_argument("--output", type=Path, help="folder to write to (default: the multirun's)")
    return parser


def _add_json(tool: argparse.ArgumentParser) -> None:
    tool.add_argument("--json", action="store_true", help="print JSON instead of text")


def _add_settings(tool: argparse.ArgumentParser) -> None:
    tool.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="tell a setting that the log does not hold, for example algorithm.gradient_clipping.actor_max_norm=1.0",
    )


def _read(arguments: argparse.Namespace) -> int:
    """The tools that read logs."""
    if arguments.tool in ("diagnose", "gate"):
        from av_td3.report import ask  # each tool starts without what the others need

        if arguments.tool == "gate":
            return ask.gate(arguments.run, arguments.gate, arguments.set, arguments.json)
        return ask.diagnose(arguments.run, arguments.set, arguments.json)

    from av_td3.report import write

    if arguments.tool == "report":
        return write.report(arguments.run, arguments.output, arguments.set)
    if arguments.tool == "compare":
        return write.compare(arguments.baseline, arguments.candidate, arguments.output)
    return write.sweep(arguments.folder, arguments.output, arguments.watch)


def serve_simulator(port: int, town: str, stop_with_input: bool) -> int:
    """``av-td3 simulator``: serve until interrupted. Exit code 2 for a wrong town or a port that is taken."""
    from av_td3.simulator.builtin.server import HOST, serve
    from av_td3.simulator.builtin.town import PLANS

    logging.basicConfig(format="av-td3 simulator: %(message)s", level=logging.WARNING, stream=sys.stderr)
    if town not in PLANS:
        print(f"--town={town}: no such town; there are {', '.join(PLANS)}", file=sys.stderr)
        return 2
    if not 0 <= port <= 65534:
        print(f"--port={port}: must be 0 (take free ports) or 1 to 65534", file=sys.stderr)
        return 2
    if stop_with_input:
        die_with_parent(os.getppid())  # the end of input does not reach a process that is stopped
    try:
        asyncio.run(serve(port, town, stop_with_input=stop_with_input))
    except OSError as error:
        print(f"--port={port}: cannot listen on {HOST}:{port} and {port + 1}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
