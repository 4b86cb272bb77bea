"""Decodes the numbers of a tensor of an event file, as TensorFlow 2 writes scalars."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto import types_pb2 as types

MAX_NUMBERS = 64  # a number per environment, for example; larger tensors are no scalars

# By numeric type: the field with the values, and their layout as raw bytes.
_TYPES = {
    types.DT_FLOAT: ("float_val", "<f4"),
    types.DT_DOUBLE: ("double_val", "<f8"),
    types.DT_HALF: ("half_val", "<f2"),
    types.DT_BFLOAT16: ("half_val", "bfloat16"),
    types.DT_BOOL: ("bool_val", "?"),
    types.DT_INT8: ("int_val", "<i1"),
    types.DT_UINT8: ("int_val", "<u1"),
    types.DT_INT16: ("int_val", "<i2"),
    types.DT_UINT16: ("int_val", "<u2"),
    types.DT_INT32: ("int_val", "<i4"),
    types.DT_UINT32: ("uint32_val", "<u4"),
    types.DT_INT64: ("int64_val", "<i8"),
    types.DT_UINT64: ("uint64_val", "<u8"),
}


def is_numeric(tensor: Any) -> bool:
    """Whether the elements of a TensorProto are real numbers."""
    return tensor.dtype in _TYPES


def numbers_in(tensor: Any) -> NDArray[np.float64] | None:
    """Decode a TensorProto that holds a number or a short vector.

    No memory is allocated for the declared shape, which may be arbitrarily large.

    Args:
        tensor: of shape [], [n] or one with further dimensions of 1, such as [1, 1, n].

    Returns:
        The numbers, float64 (n,) with n from 1 to ``MAX_NUMBERS``; None for any other tensor.

    """
    count = _count(tensor.tensor_shape)
    if count is None or not is_numeric(tensor):
        return None
    field, layout = _TYPES[tensor.dtype]
    if tensor.tensor_content:
        return _decoded(tensor.tensor_content, layout, count)
    values = getattr(tensor, field)
    if not 1 <= len(values) <= count:
        return None
    listed = [*values, *[values[-1]] * (count - len(values))]  # TensorFlow omits repetitions of the last one
    if field != "half_val":
        return np.array(listed, np.float64)
    if not all(0 <= bits < 1 << 16 for bits in listed):
        return None
    return _decoded(np.array(listed, "<u2").tobytes(), layout, count)


def _count(shape: Any) -> int | None:
    """The declared number of elements of a scalar or short vector; None for any other shape."""
    if shape.unknown_rank:
        return None
    sizes = [dimension.size for dimension in shape.dim if dimension.size != 1]
    if not sizes:
        return 1
    return sizes[0] if len(sizes) == 1 and 1 < sizes[0] <= MAX_NUMBERS else None


def _decoded(content: bytes, layout: str, count: int) -> NDArray[np.float64] | None:
    if layout == "bfloat16":  # the upper half of a float32
        if len(content) != 2 * count:
            return None
        content, layout = (np.frombuffer(content, "<u2").astype("<u4") << 16).tobytes(), "<f4"
    dtype = np.dtype(layout)
    return np.frombuffer(content, dtype).astype(np.float64) if len(content) == count * dtype.itemsize else None
