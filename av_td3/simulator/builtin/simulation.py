"""The world together with those who watch it."""

from av_td3.simulator.builtin.broadcast import publish
from av_td3.simulator.builtin.streams import EPISODE_STREAM, Streams
from av_td3.simulator.builtin.world import World


class Simulation:
    """A world whose ticks go out to all listeners. ``stream_port`` is where clients connect for streams."""

    def __init__(self, world: World, streams: Streams, stream_port: int):
        self.world = world
        self.streams = streams
        self.stream_port = stream_port

    def has_stream(self, stream: int) -> bool:
        """Whether anything is sent on this stream."""
        return stream == EPISODE_STREAM or any(sensor.stream == stream for sensor in self.world.sensors)

    def tick(self) -> int:
        """Advance the world and tell everybody; returns the new frame."""
        collisions = self.world.tick()
        publish(self.world, self.streams, collisions, self.stream_port)
        return self.world.frame

    def destroy(self, actor_id: int) -> bool:
        """Take an actor out of the world, and end its stream; false where there is no such actor."""
        actor = self.world.destroy(actor_id)
        if actor is not None and actor.stream:
            self.streams.forget(actor.stream)
        return actor is not None

    def load(self, town: str) -> None:
        """Start a new episode on a map; the streams of the old sensors end. Raises as ``load_town`` does."""
        listened = [sensor.stream for sensor in self.world.sensors if sensor.stream]
        self.world.load(town)
        for stream in listened:
            self.streams.forget(stream)
