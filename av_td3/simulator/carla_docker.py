"""``simulator=carla_docker``: CARLA in a Docker container."""

from av_td3.config.errors import ConfigError
from av_td3.config.scenario import Scenario
from av_td3.simulator.carla_apptainer import check_program
from av_td3.simulator.carla_command import carla_arguments, docker_command
from av_td3.simulator.carla_server import Launch
from av_td3.simulator.started_carla import StartedCarla


class CarlaDocker(StartedCarla):
    """CARLA in a container that is removed at the end. Its own keys are in ``conf/simulator/carla_docker.yaml``."""

    program: str
    image: str
    script: str
    gpus: str | None
    options: list[str]

    def launch(self, port: int, adapter: int | None, name: str) -> Launch:
        """``docker run`` of CarlaUE4.sh. The container is no child of this process, so it has to be removed by name."""
        arguments = carla_arguments(port, self.quality, adapter, self.arguments)
        command = docker_command(
            self.program, self.image, self.script, self.gpus, self.options, name, self.environment, arguments
        )
        return Launch(command, [self.program, "rm", "--force", name])

    def check(self, scenario: Scenario) -> None:
        """Raise ConfigError where the program is missing, or a limit cannot be measured."""
        check_program(self.program)
        if self.max_memory_gb is not None:
            raise ConfigError(
                f"simulator.max_memory_gb={self.max_memory_gb:g}: the memory of a container is not measured; use "
                "simulator.max_episodes, or --memory in simulator.options"
            )
