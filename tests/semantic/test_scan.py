"""The exact scan: three engines, one answer."""

from __future__ import annotations

import os
import subprocess
import sys
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from cass.semantic.scan import BLOCK, all_to_i8, best_engine, in_python, nearest, to_i8, with_numkong, with_numpy
from tests.semantic.shelves import DIM, vector

REPO = Path(__file__).resolve().parents[2]
Engine = Callable[[memoryview, int, int, bytes], "array[float]"]


def engine_of(name: str) -> Engine:
    """The engine, if its library is here."""
    if name == "python":
        return in_python
    pytest.importorskip(name)
    return with_numpy if name == "numpy" else with_numkong


def block(count: int) -> memoryview:
    return memoryview(b"".join([to_i8(vector(seed)) for seed in range(count)]))


def parts(row: bytes) -> list[int]:
    return array("b", row).tolist()


def cosine(one: bytes, other: bytes) -> float:
    def dot(a: bytes, b: bytes) -> int:
        return sum(x * y for x, y in zip(parts(a), parts(b), strict=True))

    return float(dot(one, other) / (dot(one, one) * dot(other, other)) ** 0.5)


@pytest.mark.parametrize("name", ["numkong", "numpy", "python"])
def test_every_engine_gives_the_nearest_rows(name: str) -> None:
    """The same rows in the same order, with their cosines, as counting them out one by one."""
    engine, query = engine_of(name), to_i8(vector(1_000_001))
    counted = [(row, cosine(to_i8(vector(row)), query)) for row in range(300)]

    found = nearest(block(300), 300, query, 300, engine=engine)

    assert [row for row, _ in found] == [row for row, _ in sorted(counted, key=lambda one: -one[1])]
    assert dict(found) == pytest.approx(dict(counted), abs=1e-6)


@pytest.mark.parametrize("name", ["numkong", "numpy", "python"])
def test_what_is_left_out_does_not_come_up(name: str) -> None:
    """Not even when more rows are wanted than there are."""
    found = nearest(block(20), 20, to_i8(vector(3)), 50, left_out=[3, 7], engine=engine_of(name))

    assert sorted(row for row, _ in found) == [row for row in range(20) if row not in (3, 7)]


@pytest.mark.parametrize("name", ["numkong", "numpy", "python"])
def test_a_row_of_zeros_is_no_neighbour(name: str) -> None:
    """It stands at a right angle to everything."""
    rows = memoryview(bytes(DIM) + to_i8(vector(1)))

    assert nearest(rows, 2, to_i8(vector(1)), 2, engine=engine_of(name)) == [
        (1, pytest.approx(1.0)),
        (0, pytest.approx(0.0)),
    ]


def test_the_best_of_many_blocks_come_in_order() -> None:
    """Where the rows fill several blocks, the best are found wherever they lie, equals in the order of rows."""
    unit = [array("b", [127 if part == place else 0 for part in range(4)]).tobytes() for place in range(4)]
    count = 2 * BLOCK + 17
    rows = bytearray(unit[1] * count)
    for place in (count - 1, 5, BLOCK, BLOCK - 1):
        rows[4 * place : 4 * place + 4] = unit[0]

    found = nearest(memoryview(rows), count, bytes([127, 0, 0, 0]), 5)

    assert [row for row, _ in found] == [5, BLOCK - 1, BLOCK, count - 1, 0]


def test_nothing_asked_or_nothing_there_gives_nothing() -> None:
    """Empty in, empty out."""
    assert nearest(memoryview(b""), 0, to_i8(vector(1)), 5) == []
    assert nearest(block(3), 3, to_i8(vector(1)), 0) == []


def test_signed_bytes_keep_the_direction() -> None:
    """The largest part becomes 127; zeros stay zeros; what is not finite is refused."""
    assert parts(to_i8(array("f", [0.5, -0.25, -0.5, 0.0]))) == [127, -63, -127, 0]
    assert to_i8(array("f", [0.0, 0.0])) == bytes(2)
    with pytest.raises(ValueError, match=r"infinite|NaN"):
        to_i8(array("f", [float("nan"), 1.0]))
    with pytest.raises(ValueError, match=r"infinite|NaN"):
        to_i8(array("f", [float("inf"), 1.0]))


def test_many_vectors_become_the_same_bytes_as_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are the same whether numpy was there or not; a vector of length 0 becomes zeros."""
    numpy = pytest.importorskip("numpy")
    vectors = [*[vector(seed) for seed in range(300)], array("f"), array("f", bytes(4 * DIM))]
    with_it = all_to_i8(vectors, DIM)

    monkeypatch.setitem(sys.modules, "numpy", None)
    without = all_to_i8(vectors, DIM)

    assert numpy is not None
    assert with_it == without
    assert with_it[-2:] == [bytes(DIM), bytes(DIM)]


def test_a_scan_does_not_load_numpy() -> None:
    """numkong would import it, which a cold search would wait for; numpy can still be imported afterwards."""
    pytest.importorskip("numkong")
    code = (
        "import sys; from cass.semantic.scan import best_engine, nearest, to_i8;"
        "rows = memoryview(bytes([1, 2, 3, 4])); nearest(rows, 2, to_i8([1.0, 0.5]), 1);"
        "print(best_engine().__name__, 'numpy' in sys.modules);"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, env=dict(os.environ), capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["with_numkong", "False"]


def test_there_is_always_an_engine() -> None:
    """Whatever is installed."""
    assert best_engine() in (with_numkong, with_numpy, in_python)
