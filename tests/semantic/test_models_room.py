"""The room that `cass models install` asks for, on a disk that has not much more."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.semantic.manifest import read_manifest
from tests.archive import make_home
from tests.mounting import small_disk
from tests.semantic.shelves import vector, writer_in
from tests.semantic.test_models_command import described, said, trusting

pytest.importorskip("onnxruntime")


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
