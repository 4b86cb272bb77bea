"""Small event files."""

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def write_events(path, events):
    """Write an event file with these events, and create its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
        for event in events:
            writer.write(event.SerializeToString())
    return path


def scalar_event(tag, step, value):
    return Event(wall_time=1.0, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))


def start_event(step):
    """Says that the file replaces earlier ones from this step on."""
    return Event(step=step, session_log=SessionLog(status=SessionLog.START))


def tensor_event(tag, step, tensor, plugin=""):
    value = Summary.Value(tag=tag, tensor=tensor)
    if plugin:
        value.metadata.plugin_data.plugin_name = plugin
    return Event(wall_time=1.0, step=step, summary=Summary(value=[value]))


def write_curves(folder, tags, steps, second=1000, value=1.0):
    """Write the event file of a program that started at this second, with all tags at all steps."""
    events = [scalar_event(tag, step, value) for step in steps for tag in tags]
    return write_events(folder / f"events.out.tfevents.{second}.host.1", events)
