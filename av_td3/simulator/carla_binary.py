"""``simulator=carla_binary``: an installed CARLA."""

from pathlib import Path

from av_td3.config.errors import ConfigError
from av_td3.config.scenario import Scenario
from av_td3.simulator.carla_command import binary_command, carla_arguments
from av_td3.simulator.carla_server import Launch
from av_td3.simulator.started_carla import StartedCarla


class CarlaBinary(StartedCarla):
    """CARLA from a folder of this machine. Its own keys are in ``conf/simulator/carla_binary.yaml``."""

    path: str

    def launch(self, port: int, adapter: int | None, name: str) -> Launch:
        """CarlaUE4.sh with its arguments."""
        arguments = carla_arguments(port, self.quality, adapter, self.arguments)
        return Launch(binary_command(str(Path(self.path).expanduser().absolute()), arguments), [])

    def check(self, scenario: Scenario) -> None:
        """Raise ConfigError where there is no CarlaUE4.sh."""
        path = Path(self.path).expanduser()
        if path.is_dir():
            raise ConfigError(f"simulator.path={self.path}: is a folder; name the script in it: {self.path}/CarlaUE4.sh")
        if not path.is_file():
            raise ConfigError(
                f"simulator.path={self.path}: there is no such file; name the CarlaUE4.sh of CARLA 0.9.16 (docs/carla.md), or "
                "use simulator=builtin"
            )
