"""The worker that is busy when it is told to: a real process over a small archive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.daemon.busy import BusyWorker, Load
from cass.disk import try_lock
from cass.semantic.model_sources import Wish
from cass.store.worker_state import LOCK
from tests.archive import Home, make_home
from tests.semantic.installing import put
from tests.semantic.tiny_model import Tiny


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "the walrus lies upon the floe")
    home.index()
    return home


@pytest.fixture
def modelled(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """With a model that has to be loaded, and all vectors made."""
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("CASS_SEMANTIC_QUALITY_TIER_EMBEDDER", "tiny")
    put(Tiny(tmp_path / "files").known, tmp_path, Wish(from_path=str(tmp_path / "files")))
    assert home.cass("backfill", env={"CASS_SEMANTIC_QUALITY_TIER_EMBEDDER": "tiny"}).returncode == 0
    yield home


def did(home: Home) -> Load | str:
    """What it says after some work."""
    worker = BusyWorker(home.places)
    try:
        worker.rest()
        worker.work()
    except ChildProcessError:
        pass
    return worker.end()


def test_a_model_is_loaded_before_it_is_asked(modelled: Home) -> None:
    """Where all vectors stand, it embeds the newest texts again: with the installed model."""
    load = did(modelled)

    assert isinstance(load, Load), load
    assert (load.owed, load.embedder_id, load.instead) == (0, "tiny-32", "")
    assert load.again > 0


def test_a_model_that_cannot_be_loaded_is_not_asked(modelled: Home) -> None:
    """The fast tier's embedder is load enough, and it is said why."""
    model = modelled.data / "derived" / "models" / "tiny" / "model.onnx"
    model.write_bytes(b"torn")

    load = did(modelled)

    assert isinstance(load, Load), load
    assert load.embedder_id.startswith("hash-")
    assert load.instead == "tiny cannot be used: model.onnx is not what was installed"


def test_who_makes_what_is_owed_is_said(home: Home) -> None:
    """It has the place already: this one embeds for nothing, although something is owed."""
    lock = try_lock(str(home.data / LOCK))
    assert lock is not None
    with lock:
        load = did(home)

    assert isinstance(load, Load), load
    assert (load.owed, load.held) == (0, f"process {os.getpid()}")
    assert load.again > 0


def test_what_it_dies_of_is_said(home: Home) -> None:
    """Its last words are the reason, not that it is gone."""
    (home.data / "cass.db").write_bytes(b"no database" * 1000)

    said = did(home)

    assert isinstance(said, str)
    assert said.startswith("the database cannot be read: file is not a database")
