"""``python -m av_td3.simulator.builtin``: a run starts its server with this, and the server ends with the run."""

import argparse
import sys

from av_td3.simulator.builtin.serving import serve_simulator


def main() -> int:
    parser = argparse.ArgumentParser(prog="av_td3.simulator.builtin")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--town", default="Suburb01")
    parser.add_argument("--quality", default="low", choices=("low", "high"))
    arguments = parser.parse_args()
    return serve_simulator(arguments.host, arguments.port, arguments.town, arguments.quality, stop_with_input=True)


if __name__ == "__main__":
    sys.exit(main())
