"""A single question is put to a model by onnxruntime's C interface, with what its Python binding would answer."""

from __future__ import annotations

import gc
import sqlite3  # noqa: F401 - a library of another kind
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from cass.semantic.embedders import onnx_c
from cass.semantic.embedders.onnx import INPUTS, OUTPUT, Session, open_model
from cass.semantic.model_sources import Wish
from tests.archive import REPO
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny

pytest.importorskip("onnxruntime")


def has_library() -> bool:
    try:
        onnx_c.find_library()
    except OSError:
        return False
    return True


needs_library = pytest.mark.skipif(not has_library(), reason="this onnxruntime brings no library for programs in C")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A data folder with a small model."""
    tiny = Tiny(tmp_path / "files")
    put(tiny.known, tmp_path, Wish(from_path=str(tiny.folder)), "fp32")
    return tmp_path / "data"


def graph(data: Path) -> str:
    (found,) = data.glob("derived/models/*/model.onnx")
    return str(found)


@needs_library
def test_rows_are_those_of_the_binding(tiny: Path) -> None:
    """Of several texts at a time, too, with padding behind the shorter ones."""
    columns = ([2, 5, 3, 2, 3, 0], [1] * 5 + [0], [0] * 6)
    given = {name: array("q", numbers) for name, numbers in zip(INPUTS, columns, strict=True)}
    by_c, bound = onnx_c.CSession(graph(tiny)).open(), Session(graph(tiny), 1, False)

    rows, others = by_c.run(OUTPUT, given, 2), bound.run(OUTPUT, given, 2)

    assert [len(row) for row in rows] == [len(row) for row in others] != [0, 0]
    assert all(row == pytest.approx(other, abs=1e-6) for row, other in zip(rows, others, strict=True))


@needs_library
def test_neither_numpy_nor_the_binding_is_loaded(tiny: Path) -> None:
    """They take longer to load than the model."""
    code = (
        "import sys; from cass.semantic.embedders.onnx import open_model;"
        f"model = open_model({str(tiny)!r}, 'tiny', once=True); model.load();"
        "print(len(model.embed(['the quick fox'])[0]) > 0, sorted({'numpy', 'onnxruntime'} & {*sys.modules}))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True)

    assert done.stdout == "True []\n"


@needs_library
def test_its_memory_goes_with_it(tiny: Path) -> None:
    """All that the library made is given back, once, also where the model could not be opened."""
    given_back: list[str] = []

    class Watched(onnx_c.Api):
        def release(self, kind: str, what: object) -> None:
            given_back.append(kind)
            super().release(kind, what)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(onnx_c, "Api", Watched)
        session = onnx_c.CSession(graph(tiny)).open()
        del session
        opened = given_back[:]
        with pytest.raises(RuntimeError):
            onnx_c.CSession(str(tiny)).open()
        gc.collect()

    assert sorted(opened) == ["Env", "MemoryInfo", "Options", "Session"]
    assert sorted(given_back[4:]) == ["Env", "MemoryInfo", "Options", "Status"]


@needs_library
def test_what_is_wrong_is_said_in_onnxruntimes_words(tiny: Path, tmp_path: Path) -> None:
    """A file that is no model, and inputs that it does not have."""
    nonsense = tmp_path / "nonsense.onnx"
    nonsense.write_bytes(b"no model" * 99)

    with pytest.raises(RuntimeError, match="Protobuf"):
        onnx_c.CSession(str(nonsense)).open()
    with pytest.raises(RuntimeError, match="nothing_of_it"):
        onnx_c.CSession(graph(tiny)).open().run(OUTPUT, {"nothing_of_it": array("q", [2, 3])}, 1)


def test_without_the_library_the_binding_answers(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An onnxruntime that does not bring it gives the same vector."""
    vectors = []
    for once in (True, False):
        model = open_model(str(tiny), "tiny", once=once)
        assert model is not None
        monkeypatch.setattr(onnx_c, "LIBRARIES", ("none of these",))
        model.load()
        vectors += model.embed(["the quick brown fox"])

    assert vectors[0] == pytest.approx(vectors[1], abs=1e-6)


@pytest.mark.skipif(sys.platform == "win32", reason="libraries are called otherwise there")
def test_another_library_is_none(tmp_path: Path) -> None:
    """One of another kind, a file that is none, and a system whose paths are of another kind."""
    text = tmp_path / "libonnxruntime.so.1"
    text.write_text("no library")
    for path in (text, Path(sys.modules["_sqlite3"].__file__ or "")):
        with pytest.raises(OSError):
            onnx_c.Api(str(path))
    with pytest.raises(OSError):
        onnx_c.find_library("win32")
    with pytest.raises(OSError):
        onnx_c.find_library(find=lambda name: None)
