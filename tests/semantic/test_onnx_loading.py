"""A cold search waits for the model's libraries: no more of them is loaded than is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Barrier

import pytest

from cass.semantic.embedders.onnx import both
from cass.semantic.model_sources import Wish
from tests.archive import REPO
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny

pytest.importorskip("onnxruntime")
HALF = """
import sys
from cass.semantic.embedders.onnx import _tokenizers
half = _tokenizers()
alone = "tokenizers" not in sys.modules
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


def test_two_things_at_once() -> None:
    """Both are done, and what goes wrong in either is raised here."""
    met = Barrier(2, timeout=60)

    assert both(lambda: (met.wait(), "one")[1], lambda: (met.wait(), "two")[1]) == ("one", "two")
    with pytest.raises(KeyError):
        both(lambda: "one", lambda: {}["two"])
    with pytest.raises(ValueError, match="one"):
        both(lambda: int("one"), lambda: {}["two"])
