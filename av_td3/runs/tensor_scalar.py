"""Decodes a scalar from a tensor of an event file, as TensorFlow 2 writes them."""

from typing import Any

import numpy as np
from tensorboard.compat.proto import types_pb2 as types

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


def scalar_in(tensor: Any) -> float | None:
    """The value of a TensorProto with exactly one number, of shape [], [1] (some writers) or [1, 1]; else None.

    No memory is allocated for the declared shape, which may be arbitrarily large.
    """
    shape = tensor.tensor_shape
    if shape.unknown_rank or any(dimension.size != 1 for dimension in shape.dim) or tensor.dtype not in _TYPES:
        return None
    field, layout = _TYPES[tensor.dtype]
    if tensor.tensor_content:
        return _decoded(tensor.tensor_content, layout)
    values = getattr(tensor, field)
    if len(values) != 1:
        return None
    if field == "half_val":  # contains the bits
        return _decoded(values[0].to_bytes(2, "little"), layout) if 0 <= values[0] < 1 << 16 else None
    return float(values[0])


def _decoded(content: bytes, layout: str) -> float | None:
    if layout == "bfloat16":  # the upper half of a float32
        content, layout = (b"\0\0" + content if len(content) == 2 else b""), "<f4"
    dtype = np.dtype(layout)
    return float(np.frombuffer(content, dtype)[0]) if len(content) == dtype.itemsize else None
