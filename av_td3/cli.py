"""``av-td3``: the tools that stand beside a run."""

import argparse
import asyncio
import logging
import os
import sys

from av_td3.process import die_with_parent


def main(argv: list[str] | None = None) -> int:
    """Run one tool; returns the exit code."""
    parser = argparse.ArgumentParser(prog="av-td3", description="Tools for visual TD3 experiments in CARLA.")
    tools = parser.add_subparsers(dest="tool", required=True)
    simulator = tools.add_parser("simulator", help="serve a built-in town to any CARLA 0.9.16 client on loopback")
    simulator.add_argument("--port", type=int, default=2000, help="RPC port; streams use the next one; 0 takes free ports")
    simulator.add_argument("--town", default="Suburb01", help="map to load first (default: %(default)s)")
    simulator.add_argument("--stop-with-input", action="store_true", help="end when standard input ends")
    arguments = parser.parse_args(argv)
    return serve_simulator(arguments.port, arguments.town, arguments.stop_with_input)


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
