"""The built-in server as a program: ``av-td3 simulator``, or ``python -m av_td3.simulator.builtin`` when a run starts it."""

import asyncio
import errno
import logging
import os
import socket
import sys

from av_td3.config.plugins import PluginError
from av_td3.machine.process import die_with_parent
from av_td3.simulator.builtin.compiled import is_compiled
from av_td3.simulator.builtin.server import serve
from av_td3.simulator.builtin.town import find_plan, town_names

NO_ADDRESS = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES, errno.EINVAL)
log = logging.getLogger(__name__)


def serve_simulator(host: str, port: int, town: str, quality: str, stop_with_input: bool) -> int:
    """Serve until interrupted; returns the exit code, 2 for an unknown town, or where it cannot listen."""
    logging.basicConfig(format="av-td3 simulator: %(message)s", level=logging.WARNING, stream=sys.stderr)
    try:
        find_plan(town)
    except KeyError:
        print(f"--town={town}: no such town; there are {', '.join(town_names())}", file=sys.stderr)
        return 2
    except PluginError as error:
        print(f"--town={town}: {error}", file=sys.stderr)
        return 2
    if not 0 <= port <= 65534:
        print(f"--port={port}: must be 0 (take free ports) or 1 to 65534", file=sys.stderr)
        return 2
    if host not in ("127.0.0.1", "localhost"):
        log.warning("listening on %s: the protocol has no password, so everybody who reaches that address can drive", host)
    if stop_with_input:
        die_with_parent(os.getppid())  # a stopped process does not see the end of its input
    elif not is_compiled():
        log.warning("compiling for this machine, once: half a minute")
    try:
        asyncio.run(serve(port, town, quality, host=host, stop_with_input=stop_with_input))
    except OSError as error:
        if error.errno not in NO_ADDRESS and not isinstance(error, socket.gaierror):
            raise
        print(f"--host={host} --port={port}: cannot listen on {host}:{port} and {port + 1}: {error.strerror}", file=sys.stderr)
        return 2
    return 0
