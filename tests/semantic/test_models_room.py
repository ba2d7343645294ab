"""The room that `cass models install` asks for, on a disk that has not much more."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.policy import MB, SemanticPolicy
from cass.records import replace
from cass.semantic.bert_graph import FP32, INT8
from cass.semantic.manifest import read_manifest
from cass.semantic.model_install import ModelRefused
from cass.semantic.model_sources import Wish
from tests.archive import make_home
from tests.mounting import small_disk
from tests.semantic.installing import put
from tests.semantic.shelves import vector, writer_in
from tests.semantic.test_models_command import described, said, trusting
from tests.semantic.tiny_model import Tiny

pytest.importorskip("onnxruntime")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"semantic_budget_mb": 1}, "vectors and models would take 2 MB, the budget is 1"),
        ({"max_model_size_mb": 1}, "the model takes 2 MB, the most allowed is 1"),
        ({"min_free_disk_mb": 200}, "it takes 2 MB, 200 MB are free and 200 must stay so"),
    ],
)
def test_what_does_not_fit_does_not_read_as_if_it_did(tmp_path: Path, changes: dict[str, int], what: str) -> None:
    """A model of one MB and a byte is more than one MB; a disk with a byte less than 201 MB free has 200."""
    known = replace(Tiny(tmp_path / "files").known, sizes={INT8: MB + 1, FP32: MB + 1})
    policy = replace(SemanticPolicy.compiled_defaults(), **changes)
    free = 201 * MB - 1 if "min_free_disk_mb" in changes else 1000 * MB

    with pytest.raises(ModelRefused, match=what):
        put(known, tmp_path, Wish(from_path=str(tmp_path / "files")), policy=policy, free_bytes=lambda path: free)


def test_on_a_small_disk_a_model_needs_room_once(tmp_path: Path) -> None:
    """Half as much again as it takes is enough, and no vector goes for what is written already."""
    trial, home = make_home(tmp_path / "trial"), make_home(tmp_path / "home")
    words = ["install", "small", "--from", str(described(tmp_path / "small"))]
    words += trusting(said(trial, *words, code=2)["error"])
    size = said(trial, *words)["models"][0]["bytes"]
    with small_disk(home.data, str(size * 3 // 2 + 30_000)):
        writer_in(home.data).append([(id, 0, id, vector(1)) for id in range(10)])
        before = read_manifest(str(home.data / "derived" / "vectors" / "fast"))

        made = said(home, *words, CASS_SEMANTIC_MIN_FREE_DISK_MB="0")
        after = read_manifest(str(home.data / "derived" / "vectors" / "fast"))

    assert made["models"][0]["state"] == "installed"
    assert after == before
