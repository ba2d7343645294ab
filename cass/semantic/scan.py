"""Exact nearest rows by cosine: one query against a block of i8 rows that lies in memory or in a mapped file.

numkong, which usearch brings along, answers in a few milliseconds and loads in one when numpy is kept out of it;
without it numpy does, and without numpy plain Python.  All three give the same rows.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Sequence
    from types import ModuleType

    Engine = Callable[[memoryview, int, int, bytes], array[float]]

# The distances are searched block by block, so that the hundredth best costs no more than the first.
BLOCK = 4096
# Cosine distances are 0 to 2; what is left out gets this one.
LEFT_OUT = 9.0
NO_COSINE = -2.0  # less than any
WORTH_NUMPY = 512
_NUMPY_ROWS = 8192  # at a time, so that their copy in floats stays in the processor's cache


def to_i8(vector: Sequence[float]) -> bytes:
    """The vector as signed bytes, its largest part 127: the cosine hardly changes, the size falls to a quarter.

    Parts that are all 0 stay 0.  Raises ValueError for what is not finite.
    """
    peak = max(map(abs, vector), default=0.0)
    if peak == 0.0:
        return bytes(len(vector))
    scale = 127.0 / peak
    try:
        return bytes([int(part * scale + 128.5) for part in vector]).translate(_SIGNED)
    except OverflowError as bad:
        raise ValueError("a vector with an infinite part") from bad


def all_to_i8(vectors: Sequence[array[float]], dim: int) -> list[bytes]:
    """`to_i8` of each vector of `dim` floats; zeros for one of length 0.  The same bytes with numpy and without it."""
    numpy = _numpy_for(len(vectors))
    if numpy is None:
        return [to_i8(vector) if len(vector) else bytes(dim) for vector in vectors]
    floats = b"".join([vector.tobytes() if len(vector) else bytes(4 * dim) for vector in vectors])
    parts = numpy.frombuffer(floats, dtype=numpy.float32).astype(numpy.float64).reshape(-1, dim)
    peaks = numpy.abs(parts).max(axis=1, keepdims=True)
    if not numpy.isfinite(peaks).all():
        raise ValueError("a vector with an infinite part")
    peaks[peaks == 0.0] = 1.0
    signed = (parts * (127.0 / peaks) + 128.5).astype(numpy.uint8) - numpy.uint8(128)
    return [row.tobytes() for row in signed]


def _numpy_for(vectors: int) -> ModuleType | None:
    """numpy, if it is loaded or so many vectors pay for loading it: from some 500 on, at 60 µs each without it."""
    if "numpy" not in sys.modules and vectors < WORTH_NUMPY:
        return None
    try:
        import numpy
    except ImportError:
        return None
    return numpy


# From 1 to 255 with 128 as zero, which is quickest to make, to signed bytes.
_SIGNED = bytes([(byte - 128) & 255 for byte in range(256)])


def nearest(
    rows: memoryview,
    count: int,
    query: bytes,
    k: int,
    left_out: Sequence[int] = (),
    engine: Engine | None = None,
    least: float = NO_COSINE,
) -> list[tuple[int, float]]:
    """The `k` rows with the highest cosine to `query`, best first, as (row, cosine); equals in the order of rows.

    `rows` are `count` × `len(query)` signed bytes one after another.  `left_out` are rows that must not come up, and
    none does whose cosine is below `least`.
    """
    if count == 0 or k <= 0:
        return []
    distances = (engine or best_engine())(rows, count, len(query), query)
    for row in left_out:
        distances[row] = LEFT_OUT
    return _smallest(distances, count, min(k, count - len(left_out)), least)


def _smallest(distances: array[float], count: int, k: int, least_cosine: float) -> list[tuple[int, float]]:
    """The `k` smallest by block minima: the best block gives one, then only that block is looked at again."""
    from heapq import heapify, heapreplace

    view, least = memoryview(distances), _least()
    heads = []
    for start in range(0, count, BLOCK):
        row = start + least(view[start : start + BLOCK])
        heads.append((view[row], row))
    heapify(heads)
    found = []
    for _ in range(k):
        distance, row = heads[0]
        if 1.0 - distance < least_cosine:
            break
        found.append((row, 1.0 - distance))
        distances[row] = LEFT_OUT
        start = row - row % BLOCK
        following = start + least(view[start : start + BLOCK])
        heapreplace(heads, (view[following], following))
    return found


def _least() -> Callable[[memoryview], int]:
    """A function that gives the place of the smallest value."""
    numkong = _numkong()
    if numkong is not None:
        found: Callable[[memoryview], int] = numkong.argmin
        return found

    return _least_in_python


def _least_in_python(view: memoryview) -> int:
    values = view.tolist()
    return values.index(min(values))


def best_engine() -> Engine:
    """The fastest that this machine has."""
    if _numkong() is not None:
        return with_numkong
    try:
        import numpy as numpy
    except ImportError:
        return in_python
    return with_numpy


_loaded: list[ModuleType | None] = []


def _numkong() -> ModuleType | None:
    """numkong without numpy, which it would import for nothing: 60 to 110 ms in which somebody waits."""
    if not _loaded:
        _loaded.append(_load_numkong())
    return _loaded[0]


def _load_numkong() -> ModuleType | None:
    held_back = "numpy" not in sys.modules and "numkong" not in sys.modules
    if held_back:
        sys.modules["numpy"] = None  # type: ignore[assignment]
    try:
        import numkong
    except ImportError:
        return None
    finally:
        if held_back:
            del sys.modules["numpy"]
    return numkong if hasattr(numkong, "cdist") and hasattr(numkong, "argmin") else None


def with_numkong(rows: memoryview, count: int, dim: int, query: bytes) -> array[float]:
    """Cosine distances, one a row."""
    numkong = _numkong()
    assert numkong is not None
    one = memoryview(query).cast("b", (1, dim))
    many = rows.cast("B")[: count * dim].cast("b", (count, dim))
    return _doubles(memoryview(numkong.cdist(many, one, "angular")).cast("B"))


def with_numpy(rows: memoryview, count: int, dim: int, query: bytes) -> array[float]:
    """Cosine distances, one a row."""
    import numpy

    many = numpy.frombuffer(rows, dtype=numpy.int8, count=count * dim).reshape(count, dim)
    one = numpy.frombuffer(query, dtype=numpy.int8).astype(numpy.float32)
    one_length = float(numpy.sqrt(one @ one)) or 1.0
    found = numpy.ones(count, dtype=numpy.float64)
    for start in range(0, count, _NUMPY_ROWS):
        some = many[start : start + _NUMPY_ROWS].astype(numpy.float32)
        lengths = numpy.sqrt(numpy.einsum("ij,ij->i", some, some))
        lengths[lengths == 0.0] = 1.0
        found[start : start + _NUMPY_ROWS] -= (some @ one) / lengths / one_length
    return _doubles(found.data.cast("B"))


def _doubles(data: memoryview) -> array[float]:
    from array import array

    found = array("d")
    found.frombytes(data)
    return found


def in_python(rows: memoryview, count: int, dim: int, query: bytes) -> array[float]:
    """Cosine distances, one a row."""
    from array import array
    from math import sqrt
    from operator import mul

    signed, one = rows.cast("B").cast("b"), memoryview(query).cast("b").tolist()
    one_length = sqrt(sum(map(mul, one, one))) or 1.0
    found = array("d", bytes(8 * count))
    for number in range(count):
        row = signed[number * dim : (number + 1) * dim].tolist()
        length = sqrt(sum(map(mul, row, row))) or 1.0
        found[number] = 1.0 - sum(map(mul, row, one)) / length / one_length
    return found
