"""The world together with the streams that report it to clients."""

from av_td3.simulator.builtin.broadcast import publish
from av_td3.simulator.builtin.streams import EPISODE_STREAM, Streams
from av_td3.simulator.builtin.world import World


class Simulation:
    """A world whose ticks are published to all listeners, on the port ``stream_port``."""

    def __init__(self, world: World, streams: Streams, stream_port: int):
        self.world = world
        self.streams = streams
        self.stream_port = stream_port

    def has_stream(self, stream: int) -> bool:
        """Whether there is a stream of this number."""
        return stream == EPISODE_STREAM or any(sensor.stream == stream for sensor in self.world.sensors)

    def tick(self) -> int:
        """Advance the world by one step and publish it; returns the new frame."""
        collisions = self.world.tick()
        publish(self.world, self.streams, collisions, self.stream_port)
        return self.world.frame

    def destroy(self, actor_id: int) -> bool:
        """Remove an actor and end its stream; False where there is no such actor."""
        actor = self.world.destroy(actor_id)
        if actor is not None and actor.stream:
            self.streams.end(actor.stream)
        return actor is not None

    def load(self, town: str) -> None:
        """Start a new episode on a map and end the streams of the old sensors. Raises as ``load_town`` does."""
        ended = [sensor.stream for sensor in self.world.sensors if sensor.stream]
        self.world.load(town)
        for stream in ended:
            self.streams.end(stream)
