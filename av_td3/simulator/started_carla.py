"""The base class of CARLA servers that the run starts."""

import threading
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr
from typing_extensions import Self

from av_td3.config.limits import Count, Interval
from av_td3.config.simulator import Server, Simulator
from av_td3.simulator.carla_server import CarlaServer, Launch
from av_td3.simulator.gpu_choice import GpuChoice, choose_gpu, unknown_adapter

Adapter = Annotated[int, Interval(0, 63, "index of a GPU in Vulkan's order")]

Adapters = Annotated[list[Adapter], Field(min_length=1)]  # one for each environment, from the first again where they are fewer


class StartedCarla(Simulator):
    """CARLA 0.9.16, started, watched, restarted and stopped by the run.

    Derive from it to start CARLA in another way: ``launch`` returns the command.
    """

    program_keys: ClassVar[tuple[str, ...]] = (
        "path",
        "program",
        "image",
        "script",
        "binds",
        "options",
        "arguments",
        "environment",
    )

    quality: Literal["Low", "Epic"]
    graphics_adapter: Literal["auto"] | Adapter | Adapters | None
    arguments: list[str]
    environment: dict[str, str]
    start_interval: Annotated[float, Interval(0.0, 3600.0, "seconds")]
    max_episodes: Count | None
    max_memory_gb: Annotated[float, Interval(0.0, 1e4, "gigabytes", open_low=True)] | None
    _env_index: int = PrivateAttr(default=0)

    @abstractmethod
    def launch(self, port: int, adapter: int | None, name: str) -> Launch:
        """How to start a server.

        Args:
            port: RPC port; the server also uses the next two.
            adapter: index of the GPU that renders, in Vulkan's order; None leaves the choice to the driver.
            name: unique, for a container.

        """

    def prepare(self, cancelled: threading.Event) -> None:
        """Do what takes long and needs no server, before its start: nothing, unless a derived class has something.

        Args:
            cancelled: is set when the start is given up.

        Raises:
            SimulatorUnavailable: it cannot be done.
            SimulatorLost: cancelled.

        """

    def server(self, log: Path) -> Server:
        """Make a server, not yet started; its output is appended to ``log``."""
        return CarlaServer(self, log)

    def of_environment(self, env_index: int) -> Self:
        """The simulator of one of several environments, with ports and a GPU of its own."""
        simulator = super().of_environment(env_index)
        simulator._env_index = env_index
        return simulator

    def gpu(self) -> GpuChoice:
        """The GPU of the server for this environment."""
        if self.graphics_adapter == "auto":
            return choose_gpu(self._env_index, self.environment)
        adapters = self.graphics_adapter if isinstance(self.graphics_adapter, list) else [self.graphics_adapter]
        adapter = adapters[self._env_index % len(adapters)]
        unknown = None if adapter is None else unknown_adapter(adapter, self.environment)
        return GpuChoice(adapter, [] if unknown is None else [unknown])
