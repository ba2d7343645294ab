"""POST /v1/embeddings, with the model that is always there."""

from __future__ import annotations

import base64
from array import array
from pathlib import Path
from typing import Any

import pytest

from cass.semantic.embedders.hash import HashEmbedder
from tests.archive import Home, make_home
from tests.cli.serving import Answer, Caller

TEXTS = ["where is the quokka", "on its island"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def ask(home: Home, **said: Any) -> Answer:
    return Caller(home).post("/v1/embeddings", {"model": "hash", **said})


def expected(text: str) -> list[float]:
    embedder = HashEmbedder()
    embedder.load()
    return list(embedder.embed([text])[0])


def test_each_text_is_a_vector_in_its_order(home: Home) -> None:
    said = ask(home, input=TEXTS).json

    assert (said["object"], said["model"][:4]) == ("list", "hash")
    assert [(one["object"], one["index"]) for one in said["data"]] == [("embedding", 0), ("embedding", 1)]
    assert [one["embedding"] for one in said["data"]] == [expected(text) for text in TEXTS]
    assert said["usage"] == {"prompt_tokens": 9, "total_tokens": 9}


def test_one_text_may_stand_alone(home: Home) -> None:
    assert ask(home, input=TEXTS[0]).json["data"][0]["embedding"] == expected(TEXTS[0])


def test_base64_is_what_clients_ask_for(home: Home) -> None:
    (one,) = ask(home, input=TEXTS[0], encoding_format="base64").json["data"]

    assert list(array("f", base64.b64decode(one["embedding"]))) == expected(TEXTS[0])


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({}, "input is neither a text nor a list of texts"),
        ({"input": []}, "input is neither a text nor a list of texts"),
        ({"input": [1, 2]}, "input is neither a text nor a list of texts"),
        ({"input": ["x"] * 2049}, "more than 2048 texts"),
        ({"input": "?!"}, "there is nothing to read in text 0"),
        ({"input": "x", "encoding_format": "int8"}, "is no encoding_format"),
        ({"input": "x", "encoding_format": {}}, "is no encoding_format"),
        ({"input": "quokka", "dimensions": 3}, "the model has 256 dimensions"),
        ({"input": "x", "dimensions": True}, "dimensions is no whole number"),
        ({"input": "x", "model": 7}, "model is no text"),
    ],
)
def test_what_cannot_be_done_is_said(home: Home, said: dict[str, Any], what: str) -> None:
    found = ask(home, **said)

    assert found.status == 400
    assert what in found.json["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_object_is_refused(home: Home, body: bytes) -> None:
    assert Caller(home).post("/v1/embeddings", body).status == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_of_another_page_is_refused(home: Home, kind: str) -> None:
    """A browser sends those to anybody without asking."""
    assert Caller(home).post("/v1/embeddings", {"input": "x"}, kind=kind).status == 415


def test_a_model_that_is_not_there_is_named(home: Home) -> None:
    unknown, missing = ask(home, input="x", model="gpt-7"), ask(home, input="x", model="minilm")

    assert (unknown.status, unknown.kind) == (404, "not-found")
    assert (missing.status, missing.kind) == (503, "semantic-unavailable")
    assert "cass models install" in missing.json["error"]["hint"]


def test_texts_stay_on_this_machine(home: Home) -> None:
    """An embedder elsewhere is asked only by permission."""
    home.env["CASS_SEMANTIC_EMBEDDER"] = "hash"
    caller = Caller(home, embedder_mode="sidecar", embedder_url="tcp://192.0.2.1:9")
    found = caller.post("/v1/embeddings", {"input": "quokka"})

    assert (found.status, found.kind) == (503, "semantic-unavailable")
    assert "remote.allow = true" in found.json["error"]["message"]


def test_without_the_embedder_beside_the_model_runs_here(home: Home) -> None:
    """Unless it must be that one."""
    home.env["CASS_SEMANTIC_EMBEDDER"] = "hash"
    url = f"unix://{home.folder}/nobody"
    found = [
        Caller(home, embedder_mode=mode, embedder_url=url).post("/v1/embeddings", {"input": "quokka"}).status
        for mode in ("auto", "sidecar", "inline")
    ]

    assert found == [200, 503, 200]
