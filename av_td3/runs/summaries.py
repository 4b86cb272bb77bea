"""What a run shows in TensorBoard besides scalars: images and texts."""

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.text.summary_v2 import text_pb


def image_summary(tag: str, encoded: bytes, width: int, height: int) -> Summary:
    """An image for TensorBoard's images.

    Args:
        tag: of the image.
        encoded: a PNG or GIF; an animated GIF plays.
        width: in pixels.
        height: in pixels.

    """
    image = Summary.Image(encoded_image_string=encoded, width=width, height=height, colorspace=3)  # RGB
    return Summary(value=[Summary.Value(tag=tag, image=image)])


def yaml_summary(tag: str, text: str) -> Summary:
    """A block of YAML for TensorBoard's texts, which are Markdown."""
    summary: Summary = text_pb(tag, f"```yaml\n{text}```")
    return summary
