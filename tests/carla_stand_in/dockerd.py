"""Stands in for the daemon of docker: it starts what ``docker run`` asks for."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    state = Path(sys.argv[1])
    running: list[tuple[Path, subprocess.Popen[bytes]]] = []
    while True:
        for request in state.glob("*.run"):
            wanted = json.loads(request.read_text())
            child = subprocess.Popen(wanted["command"], env=os.environ | wanted["environment"], start_new_session=True)
            request.with_suffix(".pid").write_text(str(child.pid))
            request.unlink()
            running.append((request.with_suffix(".pid"), child))
        for container, child in running:
            if child.poll() is not None:
                container.unlink(missing_ok=True)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
