"""The entry point of a checkout. The same, where the package is installed: ``av-td3 train``.

python launch.py                                                  one run
python launch.py algorithm.gradient_clipping.actor_max_norm=1.0   one number changed
python launch.py resume=outputs/2026-11-21/12-37-37-micro_500     resume a run that was stopped
python launch.py --help                                           groups and examples
"""

import sys

from av_td3.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
