"""The embedders by name, and the wrapper that looks at what they give."""

from __future__ import annotations

import math
import subprocess
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest

from cass.paths import places
from cass.policy import DEFAULT_FAST_TIER_EMBEDDER, DEFAULT_QUALITY_TIER_EMBEDDER
from cass.semantic.embedders.base import Checked, EmbedderNotLoaded, EmbedderSchemaError
from cass.semantic.embedders.hash import HashEmbedder
from cass.semantic.embedders.remote import RemoteEmbedder
from cass.semantic.embedders.table import (
    EMBEDDERS,
    REMOTE_SETTINGS,
    EmbedderOptions,
    RemoteOptions,
    build_embedder,
    embedder_options,
    embedder_row,
    remote_options,
)
from cass.settings.quick import load
from cass.settings.table import ROWS, default_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.semantic.embedders.base import BaseEmbedder, Vector


class Says(HashEmbedder):
    """An embedder of three dimensions that gives what it is told to."""

    def __init__(self, *vectors: Sequence[float]) -> None:
        super().__init__(3)
        self.vectors = [array("f", vector) for vector in vectors]

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return self.vectors


def test_right_vectors_pass_unchanged() -> None:
    """An empty one is right too: nothing could be read in its text."""
    embedder = Says([0.6, 0.0, -0.8], [], [1.0005, 0, 0])

    assert Checked(embedder).embed(["a", "b", "c"]) is embedder.vectors


@pytest.mark.parametrize(
    ("vectors", "wrong"),
    [
        ([], r"0 vectors for 1 texts"),
        ([[1, 0, 0], [1, 0, 0]], r"2 vectors for 1 texts"),
        ([[1, 0]], r"of 2 floats instead of 3 \(text 0\)"),
        ([[1, math.nan, 0]], "not finite"),
        ([[1, math.inf, 0]], "not finite"),
        ([[1, 1, 0]], r"of length 1\.414 instead of 1"),
        ([[0, 0, 0]], r"of length 0 instead of 1"),
    ],
)
def test_wrong_vectors_are_an_error(vectors: list[list[float]], wrong: str) -> None:
    """A wrong vector would silently give wrong answers for as long as it is stored."""
    with pytest.raises(EmbedderSchemaError, match=f"hash-3-v2 gave .*{wrong}"):
        Checked(Says(*vectors)).embed(["text"])


def test_no_texts_ask_nobody() -> None:
    """An embedder that is closed, or wrong, is not even asked."""
    assert Checked(Says([1])).embed([]) == []


def test_a_checked_embedder_says_what_its_embedder_says() -> None:
    """Whoever holds one need not know what is inside."""
    embedder: BaseEmbedder = Checked(HashEmbedder(64))
    said = (embedder.embedder_id, embedder.dim, embedder.model_version, embedder.is_loaded, embedder.status)
    assert said == ("hash-64-v2", 64, "v2", True, "ok")
    assert (embedder.max_input_chars, embedder.reason) == (8_000, None)

    embedder.close()
    assert embedder.status == "closed"
    embedder.load()
    assert embedder.is_loaded


@pytest.mark.parametrize(
    ("name", "row"),
    [
        (DEFAULT_FAST_TIER_EMBEDDER, "hash"),
        (DEFAULT_QUALITY_TIER_EMBEDDER, "minilm"),
        (" Hash ", "hash"),
        ("sentence-transformers/all-MiniLM-L6-v2", "minilm"),
        ("remote", "openai"),
        ("BAAI/bge-small-en-v1.5", "fastembed"),
    ],
)
def test_names_and_aliases(name: str, row: str) -> None:
    """Case does not matter, and a name that nobody has is left to fastembed."""
    assert embedder_row(name).name == row


def test_the_row_says_what_hash_gives() -> None:
    """A manifest can be compared with the table without making the embedder."""
    row, made = embedder_row("hash"), build_embedder("hash", EmbedderOptions())

    assert (row.embedder_id, row.dim) == (made.embedder_id, made.dim) == ("hash-256-v2", 256)


def test_settings_reach_the_embedder() -> None:
    """Its dimension, its server."""
    remote = RemoteOptions(base_url="http://localhost:1", model="some", dimension=7)
    options = EmbedderOptions(fast_dimension=128, remote=remote)

    made = [build_embedder(name, options, {}).embedder_id for name in ("hash", "openai", "BAAI/bge-small-en-v1.5")]

    assert made == ["hash-128-v2", "openai-some-7", "fastembed-BAAI/bge-small-en-v1.5"]


def test_the_settings_of_a_server_are_its_options() -> None:
    """Every row fills a field; what is not set is what both tables have as the default."""
    rows = {row.key: default_of(row) for row in ROWS if row.key.startswith("remote.")}

    assert rows.keys() == REMOTE_SETTINGS.keys()
    assert sorted(REMOTE_SETTINGS.values()) == sorted(RemoteOptions.__match_args__)
    assert remote_options(rows) == remote_options({"search.limit": 3}) == RemoteOptions()
    assert remote_options({"remote.dimension": 3}).dimension == 3


def test_how_many_texts_go_together_is_a_setting(tmp_path: Path) -> None:
    where = places({"HOME": str(tmp_path)})

    assert embedder_options(load(where, {})) == EmbedderOptions()
    assert embedder_options(load(where, {"CASS_WORKER_BATCH": "3"})).batch == 3


def test_what_only_some_embedders_say_gets_through() -> None:
    """Warnings, and what mends an error; an embedder that has neither says nothing."""
    refused = build_embedder("openai", EmbedderOptions(), {})
    refused.load()

    assert isinstance(refused, Checked)
    assert refused.todo == "cass config set remote.base_url http://localhost:8080/v1"
    assert (Checked(HashEmbedder(3)).todo, Checked(HashEmbedder(3)).warnings) == (None, ())


def test_a_model_that_is_not_installed_names_the_command(tmp_path: object) -> None:
    """The next step is part of the error."""
    with pytest.raises(EmbedderNotLoaded, match="cass models install minilm"):
        build_embedder("minilm", EmbedderOptions(data=str(tmp_path)))


def test_the_table_and_a_hashed_query_load_nothing_heavy() -> None:
    """A cold search by hashed words pays for no model's library, nor for numpy."""
    code = (
        "import sys; from cass.semantic.embedders.table import EmbedderOptions, build_embedder;"
        "build_embedder('hash', EmbedderOptions()).embed(['where did we leave the retry loop?']);"
        "print(*sys.modules)"
    )
    code = f"import sys; sys.path[:0] = {sys.path!r}; {code}"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    heavy = {"numpy", "fastembed", "onnxruntime", "tokenizers", "urllib.request", "json", "typing", "unicodedata"}
    assert set(done.stdout.split()) & heavy == set()
    assert len(EMBEDDERS) == 4


@pytest.mark.parametrize(("host", "fewest"), [("127.0.0.1", 1), ("embeddings.example", 32)])
def test_another_machine_is_asked_in_whole_requests(host: str, fewest: int) -> None:
    """A server here shares its processor with who comes back; of one elsewhere the way there is what takes time."""
    options = RemoteOptions(base_url=f"http://{host}:1/v1", model="bge", dimension=8, allow=True)

    assert Checked(RemoteEmbedder(options, {})).fewest_texts == fewest
