"""Train from a checkout. If the package is installed, ``av-td3 train`` is the same.

python launch.py                                                  one run
python launch.py algorithm.gradient_clipping.actor_max_norm=1.0   change a number
python launch.py resume=outputs/2026-11-21/12-37-37-micro_500     resume a run that was stopped
python launch.py --help                                           list groups and examples
"""

import sys

from av_td3.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
