"""``python -m av_td3.simulator.builtin``: how a run starts its own server, on a port that ends with the run."""

import argparse
import sys

from av_td3.simulator.builtin.serving import serve_simulator

parser = argparse.ArgumentParser(prog="av_td3.simulator.builtin")
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--town", default="Suburb01")
sys.exit(serve_simulator(parser.parse_args().port, parser.parse_args().town, stop_with_input=True))
