"""The command lines of ``av-td3`` and ``launch.py``."""
