"""What is typed in a shell: ``av-td3`` and ``launch.py``."""
