"""Read a safetensors file: a length, a JSON header, then the tensors one after the other.  Nothing is executed."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1", "I8": "|i1"}
# The header of a model of a hundred layers is some 100 KB.
MOST_HEADER_BYTES = 16 * 1024 * 1024


def read_safetensors(path: str) -> dict[str, NDArray[Any]]:
    """Its tensors by name, mapped from the file: nothing is copied before it is used.

    Raises ValueError for a file that is none, is cut off, or says something that cannot be.
    """
    import numpy as np

    header, start = _header(path)
    data = np.memmap(path, mode="r", dtype=np.uint8)[start:]
    found = {}
    for name, said in header.items():
        if name != "__metadata__":
            found[name] = _tensor(name, said, data)
    return found


def _header(path: str) -> tuple[dict[str, Any], int]:
    import json

    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(MOST_HEADER_BYTES, os.path.getsize(path) - 8):
            raise ValueError("not a safetensors file, or one that is cut off")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("not a safetensors file")
    return header, 8 + length


def _tensor(name: str, said: Any, data: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    try:
        dtype = np.dtype(DTYPES[said["dtype"]])
        start, end = said["data_offsets"]
        shape = tuple(map(int, said["shape"]))
    except (KeyError, TypeError, ValueError) as bad:
        raise ValueError(f"the tensor {name!r} is not described as it should be") from bad
    count = 1
    for size in shape:
        count *= size
    if not 0 <= start <= end <= len(data) or end - start != count * dtype.itemsize:
        raise ValueError(f"the tensor {name!r} does not lie inside the file")
    return data[start:end].view(dtype).reshape(shape)
