"""A cold search waits for the model's libraries: no more of them is loaded than is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Barrier

import pytest

from cass.semantic.begun import Begun
from cass.semantic.embedders.onnx import open_model
from cass.semantic.model_sources import Wish
from cass.semantic.models import date_anew
from tests.archive import REPO
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny

pytest.importorskip("onnxruntime")
HALF = """
import sys
from cass.semantic.embedders.onnx import _tokenizers
half = _tokenizers()
alone = _tokenizers() is half and "tokenizers" not in sys.modules
import tokenizers
print(alone, tokenizers.Tokenizer is half.Tokenizer is _tokenizers().Tokenizer)
"""
BOTH = """
import sys
from cass.semantic.embedders.onnx import open_model
vectors = []
for once in (True, False):
    model = open_model(sys.argv[1], "tiny", once=once)
    model.load()
    vectors += model.embed(["the quick brown fox"])
import numpy
print(max(abs(one - other) for one, other in zip(*vectors)) < 1e-6, numpy.arange(4).sum())
"""

AHEAD = """
import sys
from cass.semantic.embedders.onnx import open_model
ahead, usual = (open_model(sys.argv[1], "tiny", once=True) for _ in range(2))
assert ahead.begin() and not open_model(sys.argv[1], "tiny").begin()
ahead.load()
usual.load()
print("numpy" in sys.modules, ahead.is_loaded, ahead.embed(["the quick fox"]) == usual.embed(["the quick fox"]))
"""

POOR = """
import sys
sys.modules["ctypes"] = None
from cass.semantic.embedders.onnx import open_model
model = open_model(sys.argv[1], "tiny", once=True)
print(model.begin())
model.load()
print(model.status, model.reason.split()[0])
"""


def run(code: str, *words: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=REPO, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_native_half_of_tokenizers_is_enough() -> None:
    """Whoever wants the whole package later, as fastembed does, gets it with the same class."""
    assert run(HALF) == ["True", "True"]


def test_a_single_question_gets_the_same_vector(tmp_path: Path) -> None:
    """Weights in their first order give what prepared ones give, and numpy does without its manual."""
    tiny = Tiny(tmp_path / "files")
    put(tiny.known, tmp_path, Wish(from_path=str(tiny.folder)), "fp32")

    assert run(BOTH, str(tmp_path / "data"))[:2] == ["True", "6"]


def test_what_was_begun_goes_on_meanwhile() -> None:
    """Its result is waited for, and what went wrong in it is raised to whoever asks for that."""
    met = Barrier(2, timeout=60)
    begun = Begun(lambda: (met.wait(), "one")[1])
    met.wait()

    assert begun.result() == "one"
    with pytest.raises(KeyError):
        Begun(lambda: {}["two"]).result()


def test_a_model_that_was_begun_gives_the_same_vector(tmp_path: Path) -> None:
    """Its graph is opened while somebody searches; no library of Python's is loaded for that."""
    tiny = Tiny(tmp_path / "files")
    put(tiny.known, tmp_path, Wish(from_path=str(tiny.folder)), "fp32")

    assert run(AHEAD, str(tmp_path / "data")) == ["False", "True", "True"]


def test_a_python_without_ctypes_begins_nothing(tmp_path: Path) -> None:
    """A search for which a model is begun fails with what that raises; what is asked in the end says what lacks."""
    tiny = Tiny(tmp_path / "files")
    put(tiny.known, tmp_path, Wish(from_path=str(tiny.folder)), "fp32")

    assert run(POOR, str(tmp_path / "data")) == ["False", "error", "ctypes"]


def test_a_model_that_is_wrong_says_so_when_it_is_asked(tmp_path: Path) -> None:
    """Not when it was begun: nobody may need it."""
    tiny = Tiny(tmp_path / "files")
    made = put(tiny.known, tmp_path, Wish(from_path=str(tiny.folder)), "fp32")
    graph = Path(made.folder) / "model.onnx"
    graph.write_bytes(b"no model" * 99)
    date_anew(str(tmp_path / "data"), made)
    model = open_model(str(tmp_path / "data"), "tiny", once=True)
    assert model is not None
    model.begin()
    model.load()

    assert model.status == "error" and "rotobuf" in str(model.reason)
