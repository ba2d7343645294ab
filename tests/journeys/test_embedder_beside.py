"""One model for all processes: searches and backfills ask the embedder that a setting names."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.semantic.manifest import FAST, QUALITY
from tests.archive import Home, make_home
from tests.daemon import embedders
from tests.search.tiers import MODEL, backfill, install

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")
TEXTS = ("walrus tusks are long", "a narwhal has one tooth")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two texts with vectors in both tiers."""
    pytest.importorskip("onnxruntime")
    home = make_home(tmp_path)
    install(home)
    home.claude("old", *TEXTS)
    home.index()
    backfill(home, FAST, QUALITY)
    return home


@pytest.fixture
def url() -> Iterator[str]:
    with embedders.short_folder() as folder:
        yield f"unix://{folder}/e.sock"


def embedder(home: Home, url: str) -> Any:
    """It has opened the model, which nobody else finds any more."""
    command = ["-m", "cass.embedder", "--listen", url, "--data-dir", str(home.data), "--ready-fd"]
    return embedders.running(command, str(home.home))


def hide_the_model(home: Home) -> None:
    folder = home.data / "derived" / "models" / MODEL
    (folder / "model.onnx").unlink()


def answered_by(home: Home, url: str, mode: str = "auto") -> tuple[list[str], list[str]]:
    env = {"CASS_EMBEDDER_URL": url, "CASS_EMBEDDER_MODE": mode, "CASS_SEMANTIC_WAIT_MS": "30000"}
    meta = json.loads(home.cass("search", "--json", "walrus", env=env).stdout)["meta"]
    return meta["answered_by"], meta["notes"]


def test_a_search_asks_it(home: Home, url: str):
    """No model is opened: there is none to be opened."""
    with embedder(home, url):
        hide_the_model(home)

        assert answered_by(home, url) == (["lexical", "fast", "quality"], [])
        assert answered_by(home, url, "sidecar") == (["lexical", "fast", "quality"], [])
        assert answered_by(home, url, "inline")[0] == ["lexical", "fast"]


def test_without_it_a_search_opens_the_model_itself(home: Home, url: str):
    assert answered_by(home, url) == (["lexical", "fast", "quality"], [])


def test_or_does_without_where_that_is_wished(home: Home, url: str):
    """The words' answer, and why it is no more."""
    by, notes = answered_by(home, url, "sidecar")

    assert by == ["lexical", "fast"]
    assert len(notes) == 1 and f"no embedder answers at {url}" in notes[0]


def test_off_this_machine_only_by_permission(home: Home):
    by, notes = answered_by(home, "tcp://192.0.2.1:9", "sidecar")

    assert by == ["lexical", "fast"]
    assert "texts go there only with remote.allow = true" in notes[0]


def test_a_backfill_asks_it(home: Home, url: str):
    """And gives up nothing where it is away: the texts are still owed."""
    shutil.rmtree(Path(home.places.vectors) / QUALITY)
    env = {"CASS_EMBEDDER_URL": url, "CASS_EMBEDDER_MODE": "sidecar"}
    away = tier(home.cass("backfill", "--json", "--tier", "quality", env=env))
    with embedder(home, url):
        hide_the_model(home)
        done = tier(home.cass("backfill", "--json", "--tier", "quality", "--force", env=env))

    assert (away["texts"], done["texts"]) == (0, len(TEXTS))


def tier(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)["tiers"][QUALITY]
    return found
