"""``python -m av_td3`` is ``av-td3``."""

import sys

from av_td3.cli.tools import main

if __name__ == "__main__":
    sys.exit(main())
