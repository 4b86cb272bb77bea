"""A CARLA server."""

from pathlib import Path

from av_td3.config.simulator import Server
from av_td3.simulator.builtin_server import BuiltinSimulator


class BannerSimulator(BuiltinSimulator):
    """The built-in server, with a line of its own in the log."""

    banner: str

    def server(self, log: Path) -> Server:
        log.write_text(f"{self.banner}\n")
        return super().server(log)
