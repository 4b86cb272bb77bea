"""``av-td3 watch``: serves the page of a running run, and records what it shows."""

import getpass
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from av_td3.config.errors import ConfigError
from av_td3.machine import interrupts
from av_td3.runs.folder import REPORT_PAGE, is_run
from av_td3.runs.live import stop_watching, touch_watched
from av_td3.runs.video import check_video_path
from av_td3.watch.live_state import LiveRun
from av_td3.watch.recording import Recorder
from av_td3.watch.server import LOOPBACK, WatchServer

POLL_INTERVAL = 0.05  # s between looks for a new frame to record
STATUS_INTERVAL = 1.0  # s between looks for the end of the run
LINGER = 3.0  # s after the end of the run, in which pages learn of it
MAX_PORT = 65535


def watch(folder: Path, port: int, record: Path | None) -> int:
    """``av-td3 watch``: until Ctrl-C or the end of the run. Returns 0.

    Args:
        folder: of the run.
        port: to listen on; 0 takes a free one.
        record: a video to write as well.

    Raises:
        ConfigError: the folder holds no run, or one that has ended, or an option is invalid.
        OSError: it cannot listen on the port, or write to the folder.

    """
    run = LiveRun(folder)
    _check_options(port, record)
    _check_is_running(run)
    interrupts.listen()
    recorder: Recorder | None = None
    with ExitStack() as stack:
        stack.callback(stop_watching, folder)
        touch_watched(folder)
        server = stack.enter_context(_serving(run, port))
        with suppress(KeyboardInterrupt):
            if record is not None:
                recorder = stack.enter_context(Recorder(run, record))
            print(f"watch {folder} at {server.address} until Ctrl-C", flush=True)
            if (tunnel := tunnel_command(server.port, os.environ)) is not None:
                print(f"from your own machine, first: {tunnel}", flush=True)
            _follow(run, recorder)
            print(how_it_ended(run), flush=True)
            time.sleep(LINGER if recorder is None else 0.0)
        interrupts.answer()
    if record is not None and recorder is not None:
        print(f"{recorder.frames} frames in {record}" if recorder.frames else "no frame came, so there is no video", flush=True)
    return 0


def _follow(run: LiveRun, recorder: Recorder | None) -> None:
    """Wait for the end of the run, and record meanwhile."""
    checked = float("-inf")
    while True:
        if recorder is not None:
            run.keep_watching()
            recorder.update()
        if time.monotonic() - checked >= STATUS_INTERVAL:
            checked = time.monotonic()
            if run.has_ended:
                return
        time.sleep(POLL_INTERVAL)


def tunnel_command(port: int, environment: Mapping[str, str]) -> str | None:
    """The command that makes the page reachable from the user's machine, where this one is reached by ssh or SLURM."""
    if not environment.keys() & {"SLURM_JOB_ID", "SSH_CONNECTION"}:
        return None
    node, login = os.uname().nodename, environment.get("SLURM_SUBMIT_HOST")
    through = f" -J {login}" if "SLURM_JOB_ID" in environment and login not in (None, node) else ""
    return f"ssh -N{through} -L {port}:{LOOPBACK}:{port} {getpass.getuser()}@{node}"


def _check_options(port: int, record: Path | None) -> None:
    if not 0 <= port <= MAX_PORT:
        raise ConfigError(f"--port={port}: must be 0 (take a free port) or 1 to {MAX_PORT}")
    if record is not None:
        check_video_path(record)


def _check_is_running(run: LiveRun) -> None:
    """Raise ConfigError if there is nothing to watch."""
    if not run.folder.is_dir():
        raise ConfigError(f"{run.folder}: there is no such folder; name the folder of a running run")
    if not is_run(run.folder):
        raise ConfigError(f"{run.folder}: is not the folder of a run, which has a status.json")
    if run.has_ended:
        raise ConfigError(f"{run.folder}: {how_it_ended(run)}")


def how_it_ended(run: LiveRun) -> str:
    """How a run ended, and where to read on."""
    status, page = run.status, run.folder / REPORT_PAGE
    verdict = f", {status['verdict']}" if status.get("verdict") else ""
    error = f": {status['error']}" if status.get("error") else ""
    where = f"its report is {page}" if page.is_file() else f"av-td3 report {run.folder} writes its report"
    return f"this run has ended ({status.get('state')} at step {status.get('step')}{verdict}{error}); {where}"


@contextmanager
def _serving(run: LiveRun, port: int) -> Iterator[WatchServer]:
    try:
        server = WatchServer(run, port)
    except OSError as error:
        raise OSError(f"--port={port}: cannot listen on {LOOPBACK}:{port}: {error.strerror}") from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
