"""Vectors of both tiers for the tests of `status`, which opens no model: of one the files will do."""

from __future__ import annotations

from pathlib import Path

from cass.policy import DEFAULT_FAST_DIMENSION
from cass.records import replace
from cass.semantic.embedders.hash import HashEmbedder
from cass.semantic.embedders.table import RemoteOptions
from cass.semantic.models import MODEL, Model, file_facts, folder_of, write_manifest
from tests.archive import Home
from tests.backfill.working import Working

HERE = RemoteOptions(base_url="http://localhost:8080/v1")


def backfilling(home: Home) -> Working:
    working = Working(home)
    working.policy = replace(working.policy, fast_dimension=DEFAULT_FAST_DIMENSION)
    return working


def model_in(home: Home, revision: str = "abc") -> Path:
    """The one file of an installed model, which nothing here opens."""
    folder = Path(folder_of(home.places.data, "minilm"))
    folder.mkdir(parents=True)
    (folder / MODEL).write_bytes(b"a whole model")
    files = (file_facts(str(folder), MODEL),)
    write_manifest(Model("minilm", str(folder), "minilm-384", 384, 256, "int8", revision, "here", 0, None, files))
    return folder / MODEL


class Named(HashEmbedder):
    """The hash embedder under another name."""

    def __init__(self, embedder_id: str) -> None:
        super().__init__(DEFAULT_FAST_DIMENSION)
        self.embedder_id = embedder_id
