"""``simulator=carla_apptainer``: CARLA in an Apptainer or Singularity image."""

import shutil
import threading
from pathlib import Path

from av_td3.config.errors import ConfigError
from av_td3.config.hardware import expanded
from av_td3.config.limits import Switch
from av_td3.config.scenario import Scenario
from av_td3.simulator.carla_command import apptainer_command, carla_arguments
from av_td3.simulator.carla_server import Launch
from av_td3.simulator.image_copy import copy_image, local_image
from av_td3.simulator.started_carla import StartedCarla


class CarlaApptainer(StartedCarla):
    """CARLA in an image that needs no root. Its own keys are in ``conf/simulator/carla_apptainer.yaml``."""

    program: str
    image: str
    script: str
    binds: list[str]
    nvidia: Switch
    scratch: str | None

    def prepare(self, cancelled: threading.Event) -> None:
        """Copy the image to the node, where ``scratch`` is set and it is a file; a URI and a sandbox folder stay."""
        if self.scratch is not None and Path(self._image()).is_file():
            copy_image(Path(self._image()), Path(expanded(self.scratch)), cancelled)

    def _image(self) -> str:
        return self.image if "://" in self.image else str(Path(self.image).expanduser().absolute())

    def _image_to_run(self) -> str:
        """The copy on the node, where there is one."""
        if self.scratch is not None and Path(self._image()).is_file():
            copy = local_image(Path(self._image()), Path(expanded(self.scratch)))
            return str(copy) if copy.is_file() else self._image()
        return self._image()

    def launch(self, port: int, adapter: int | None, name: str) -> Launch:
        """``apptainer exec`` of CarlaUE4.sh. Its processes are children of this one, so there is nothing to remove."""
        arguments = carla_arguments(port, self.quality, adapter, self.arguments)
        image = self._image_to_run()
        command = apptainer_command(self.program, image, self.script, self.binds, self.nvidia, self.environment, arguments)
        return Launch(command, [])

    def check(self, scenario: Scenario) -> None:
        """Raise ConfigError where the program or the image is missing."""
        check_program(self.program)
        if self.scratch is not None:
            expanded(self.scratch)
        if "://" not in self.image and not Path(self.image).expanduser().exists():
            raise ConfigError(
                f"simulator.image={self.image}: there is no such file or folder; `{self.program} build "
                f"{self.image} docker://carlasim/carla:0.9.16` makes one"
            )


def check_program(program: str) -> None:
    """Raise ConfigError where a program is not installed."""
    if shutil.which(program) is None:
        raise ConfigError(
            f"simulator.program={program}: there is no such program on this machine; install it, or on a cluster load its "
            f'module in hardware.slurm.setup, for example ["module load {Path(program).name}"]'
        )
