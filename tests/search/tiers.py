"""Both tiers of vectors for the tests of the search: a tiny model under the name of the real one, and a backfill."""

from __future__ import annotations

import shutil
from pathlib import Path

from cass.policy import DEFAULT_FAST_DIMENSION
from cass.records import replace
from cass.semantic.embedders.onnx import open_model
from cass.semantic.model_sources import Wish
from cass.semantic.models import write_manifest
from tests.archive import Home
from tests.backfill.working import Working
from tests.semantic.installing import put
from tests.semantic.tiny_model import HIDDEN, Tiny

MODEL = "minilm"


def tiny_model(folder: Path) -> Path:
    """A data folder with an installed model, tiny, but under the name that the policy asks for."""
    tiny = Tiny(folder / "files")
    made = put(tiny.known, folder, Wish(from_path=str(tiny.folder)), "fp32")
    path = Path(made.folder).rename(Path(made.folder).with_name(MODEL))
    write_manifest(replace(made, name=MODEL, folder=str(path)))
    return folder / "data"


def install(home: Home) -> None:
    """The tiny model, in this home's data folder."""
    shutil.copytree(tiny_model(home.folder / "tiny"), home.data, dirs_exist_ok=True)


def backfill(home: Home, *tiers: str) -> None:
    """All vectors of these tiers."""
    embedder = open_model(str(home.data), MODEL)
    assert embedder is not None
    working = Working(home, quality=embedder)
    working.policy = replace(working.policy, fast_dimension=DEFAULT_FAST_DIMENSION, quality_dimension=HIDDEN)
    assert all(tier.stopped is None for tier in working.run(*tiers).tiers)
