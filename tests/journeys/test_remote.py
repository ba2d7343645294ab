"""A server that embeds: `cass backfill` fills the quality tier from it and `cass search` asks it, whatever it does."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.archive import Home, make_home
from tests.schemas.checking import faults
from tests.semantic.embedding_server import HALF_DEAD, Answer, EmbeddingServer, as_json, right, running

KEY = "sk-not-a-real-key"
TOPICS = (("walrus", "odobenus"), ("cake", "bakery"), ("pool", "connection"))


def by_topic(asked: dict[str, Any]) -> Answer:
    """Texts of one topic have one vector, whatever their words: what a good model does."""
    rows = []
    for index, text in enumerate(asked["input"]):
        values = [float(any(word in text for word in words)) for words in TOPICS]
        rows.append({"index": index, "embedding": values if any(values) else [1.0, 1.0, 1.0]})
    return as_json(right(asked) | {"data": rows})


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with running() as one:
        one.behave = by_topic
        yield one


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("animals", "the walrus sleeps on the ice")
    home.claude("kitchen", "a lemon cake for tomorrow")
    home.index()
    return home


def settings(server: EmbeddingServer, **more: str) -> dict[str, str]:
    """The variables that name this server."""
    return {
        "CASS_SEMANTIC_EMBEDDER": "openai",
        "CASS_REMOTE_BASE_URL": server.url,
        "CASS_REMOTE_DIMENSION": "3",
        "CASS_REMOTE_API_KEY": KEY,
        "CASS_SEMANTIC_WAIT_MS": "5000",  # whoever tests beside this must not matter
        **more,
    }


def backfill(home: Home, env: dict[str, str], *words: str) -> dict[str, Any]:
    """The quality tier's report."""
    done = home.cass("backfill", "--json", *words, env=env)
    assert KEY not in done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert faults("backfill", report) == []
    tier: dict[str, Any] = report["tiers"]["quality"]
    return tier


def search(home: Home, env: dict[str, str], *words: str, code: int = 0) -> dict[str, Any]:
    done = home.cass("search", "--json", *words, env=env)
    assert (done.returncode, KEY in done.stdout + done.stderr) == (code, False), done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def said(answer: dict[str, Any]) -> str:
    return " ".join(answer["meta"]["notes"])


def test_a_server_makes_the_vectors_and_finds_by_meaning(home: Home, server: EmbeddingServer) -> None:
    """No word of the query stands in the text that is found."""
    made = backfill(home, settings(server))
    answer = search(home, settings(server), "odobenus")

    assert (made["texts"], made["stopped"], made["embedder_id"]) == (2, None, "openai-BAAI/bge-m3-3")
    assert [hit["external_id"] for hit in answer["hits"]] == ["animals"]
    assert answer["meta"]["answered_by"][-1] == "quality"
    assert [asked["input"] for asked in server.asked][-1] == ["odobenus"]
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


def test_strict_asks_it_too(home: Home, server: EmbeddingServer) -> None:
    """Both tiers stand, so strict mode is content; with the server gone it is not."""
    backfill(home, settings(server))
    answer = search(home, settings(server), "--mode", "strict", "odobenus")
    server.behave = lambda asked: (503, {}, b"")
    refused = search(home, settings(server), "--mode", "strict", "odobenus", code=15)

    assert answer["hits"][0]["external_id"] == "animals"
    assert "HTTP 503" in refused["error"]["message"]


def test_settings_come_from_the_file(home: Home, server: EmbeddingServer) -> None:
    """And so does the name of the variable that holds the key."""
    for key, value in (
        ("quality_tier_embedder", "openai"),
        ("remote.base_url", server.url),
        ("remote.model", "mine:v2"),
        ("remote.dimension", "3"),
        ("remote.key_env", "OTHER_KEY"),
        ("remote.timeout_s", "5"),
        ("remote.max_chars", "10"),
    ):
        assert home.cass("config", "set", key, value).returncode == 0

    made = backfill(home, {"OTHER_KEY": KEY})

    assert (made["texts"], made["stopped"]) == (2, None)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert {asked["model"] for asked in server.asked} == {"mine:v2"}
    assert max(len(text) for asked in server.asked for text in asked["input"]) == 10
    assert search(home, {"OTHER_KEY": KEY}, "odobenus")["hits"][0]["external_id"] == "animals"


def with_vectors(*values: float, count: int = 1) -> Callable[[dict[str, Any]], Answer]:
    """So many vectors for each text, always these."""

    def behave(asked: dict[str, Any]) -> Answer:
        indices = range(len(asked["input"]) * count)
        return as_json(right(asked) | {"data": [{"index": at, "embedding": list(values)} for at in indices]})

    return behave


BEHAVES: dict[str, tuple[Callable[[dict[str, Any]], Answer | None], str]] = {
    "wrong dimension": (with_vectors(1, 2, 3, 4), "of 4 floats instead of 3"),
    "wrong count": (with_vectors(1, 2, 3, count=2), "gave 2 vectors for 1 texts"),
    "NaN": (with_vectors(1, math.nan, 3), "no direction"),
    "unauthorised": (lambda asked: (401, {}, f"bad key {KEY}".encode()), "refuses the key in CASS_REMOTE_API_KEY"),
    "busy": (lambda asked: (429, {"Retry_After": "1"}, b""), "is busy (HTTP 429"),
    "broken": (lambda asked: (500, {}, b"oops"), "refuses (HTTP 500: oops)"),
}


@pytest.mark.parametrize("name", BEHAVES)
def test_a_server_that_is_wrong_makes_no_vectors(home: Home, server: EmbeddingServer, name: str) -> None:
    """The tier stops with the reason, the other one goes on, and a search says what it did without."""
    server.behave, reason = BEHAVES[name]
    bad = backfill(home, settings(server))
    server.behave = by_topic
    backfill(home, settings(server), "--force")
    server.behave = BEHAVES[name][0]
    answer = search(home, settings(server), "walrus")

    assert (bad["texts"], bad["stopped"]["kind"], bad["dead"]) == (0, "embedder_failed", 0)
    assert reason in bad["stopped"]["reason"]
    assert reason in said(answer)
    assert [hit["external_id"] for hit in answer["hits"]] == ["animals"]
    assert "quality" not in answer["meta"]["answered_by"]


def test_another_dimension_says_how_to_set_it(home: Home, server: EmbeddingServer) -> None:
    server.behave = with_vectors(1, 2, 3, 4)

    assert backfill(home, settings(server))["stopped"]["next_step"] == "cass config set remote.dimension 4"


def test_nobody_is_there(home: Home, server: EmbeddingServer) -> None:
    """The other tier is made; a search answers."""
    env = settings(server, CASS_REMOTE_BASE_URL="http://127.0.0.1:9/v1")

    made = backfill(home, env)

    assert "cannot be reached" in made["stopped"]["reason"]
    assert search(home, env, "walrus")["hits"][0]["external_id"] == "animals"


@pytest.mark.parametrize("half_dead", [False, True])
def test_a_server_that_hangs_holds_no_search_up(home: Home, server: EmbeddingServer, half_dead: bool) -> None:
    """Neither one that never answers nor one that stops after its headers; the next search does not even ask."""
    backfill(home, settings(server))
    asked = len(server.asked)
    server.behave = lambda asked: (200, {}, HALF_DEAD) if half_dead else None
    env = settings(server, CASS_SEMANTIC_WAIT_MS="2000")

    first, second = search(home, env, "walrus"), search(home, env, "walrus")

    assert re.search(r"did not answer within [\d.]+ m?s; cass config set semantic_wait_ms 4000$", said(first))
    assert "a search waits 2000" in said(second)
    assert len(server.asked) == asked + 1
    assert first["meta"]["answered_by"] == second["meta"]["answered_by"] == ["lexical", "fast"]


def test_a_backfill_is_patient_and_not_for_ever(home: Home, server: EmbeddingServer) -> None:
    """A slow server is waited for; one that hangs has so many seconds."""
    pause = threading.Event()

    def slow(asked: dict[str, Any]) -> Answer:
        pause.wait(0.3)
        return by_topic(asked)

    server.behave = slow
    assert backfill(home, settings(server))["stopped"] is None
    server.behave = lambda asked: None
    home.claude("more", "another walrus")
    home.index()

    made = backfill(home, settings(server, CASS_REMOTE_TIMEOUT_S="0.2"))

    assert "did not answer within 200 ms" in made["stopped"]["reason"]


def test_another_machine_needs_leave(home: Home, server: EmbeddingServer) -> None:
    """Nothing is sent before, and the next step is the setting."""
    env = settings(server, CASS_REMOTE_BASE_URL="http://embeddings.example/v1", http_proxy=server.url[:-3])

    made = backfill(home, env)

    assert made["stopped"]["next_step"] == "cass config set remote.allow true"
    assert server.asked == []


def test_who_could_read_along_is_said(home: Home, server: EmbeddingServer) -> None:
    """A key that travels unencrypted to another machine is a warning, in a run and in a search."""
    url = "http://embeddings.example/v1"
    env = settings(server, CASS_REMOTE_BASE_URL=url, CASS_REMOTE_ALLOW="true", http_proxy=server.url[:-3])
    warning = "the key in CASS_REMOTE_API_KEY and all texts travel unencrypted to embeddings.example"

    made = backfill(home, env)
    text = home.cass("backfill", env=env).stdout
    answer = search(home, env, "odobenus")

    assert (made["stopped"], made["texts"]) == (None, 2)
    assert warning in made["warnings"][0] and warning in text and warning in said(answer)
    assert answer["hits"][0]["external_id"] == "animals"


def test_without_a_url_nothing_is_asked(home: Home) -> None:
    made = backfill(home, {"CASS_SEMANTIC_EMBEDDER": "openai"})

    assert made["stopped"]["reason"].endswith("no server is named: remote.base_url")
    assert made["stopped"]["next_step"].startswith("cass config set remote.base_url http://localhost")


def test_status_knows_that_no_model_is_missing(home: Home, server: EmbeddingServer) -> None:
    """The server is the model: with its vectors there the quality is full."""
    backfill(home, settings(server))

    found = json.loads(home.cass("status", "--json", env=settings(server)).stdout)["semantic"]

    assert (found["capability"], found["next_step"]) == ("full_quality", None)
    assert KEY not in json.dumps(found)
