"""The remote embedder against a real server: right, wrong, slow, dead and half-dead."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cass.records import replace
from cass.semantic.embedders.base import EmbedderNotLoaded, EmbedderSchemaError, EmbedderTransportError
from cass.semantic.embedders.remote import FIRST_REST_S, MOST_CHARS, MOST_TEXTS, PROBE, RemoteEmbedder
from cass.semantic.embedders.remote_server import Address
from cass.semantic.embedders.table import RemoteOptions
from tests.semantic.embedding_server import (
    DIM,
    Answer,
    EmbeddingServer,
    as_json,
    right,
    running,
    vector_of,
)

KEY = "sk-not-a-real-key"
ENV = {"EMBEDDING_KEY": KEY}


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with running() as one:
        yield one


def options(server: EmbeddingServer, **changes: Any) -> RemoteOptions:
    known = RemoteOptions(base_url=server.url, model="small", dimension=DIM, key_env="EMBEDDING_KEY")
    return replace(known, **changes)


def loaded(server: EmbeddingServer, **changes: Any) -> RemoteEmbedder:
    embedder = RemoteEmbedder(options(server, **changes | {"timeout_s": 30.0}), ENV)
    embedder.load()
    assert embedder.reason is None
    embedder._options = options(server, **changes)  # a short time only now: a busy machine may take longer to load
    return embedder


def refused(server: EmbeddingServer, env: dict[str, str] = ENV, **changes: Any) -> str:
    """Why it is not ready."""
    embedder = RemoteEmbedder(options(server, **changes), env)
    embedder.load()
    assert embedder.status == "error"
    assert embedder.reason is not None
    return embedder.reason


def unit(values: list[float]) -> list[float]:
    return [value / math.hypot(*values) for value in values]


def changed(**parts: Any) -> Callable[[dict[str, Any]], Answer]:
    """A right answer with some of it exchanged."""
    return lambda asked: as_json(right(asked) | parts)


def test_a_vector_for_each_text(server: EmbeddingServer) -> None:
    """They come in the order of the texts, of unit length whatever the server sends."""
    embedder = loaded(server)

    found = embedder.embed(["one", "three"])

    assert [vector.tolist() for vector in found] == [pytest.approx(unit(vector_of(text))) for text in ("one", "three")]
    assert server.asked[-1] == {"model": "small", "input": ["one", "three"], "encoding_format": "float"}


def test_the_first_question_tells_what_the_server_is(server: EmbeddingServer) -> None:
    """Nothing is asked before `load`, which sends one word of ours and none of the user's texts."""
    embedder = RemoteEmbedder(options(server, dimension=0), ENV)
    assert (server.asked, embedder.status) == ([], "loading")

    embedder.load()
    embedder.load()

    assert [asked["input"] for asked in server.asked] == [[PROBE]]
    assert (embedder.embedder_id, embedder.dim, embedder.model_version) == ("openai-small-3", 3, "small-v1")


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/v1/embeddings"])
def test_the_url_may_end_anywhere(server: EmbeddingServer, ending: str) -> None:
    """People copy it with and without its last parts."""
    loaded(server, base_url=server.url.removesuffix("/v1") + ending)

    assert server.paths == ["/v1/embeddings"]


def test_vectors_find_their_texts_by_index(server: EmbeddingServer) -> None:
    """A server may answer in any order."""
    embedder = loaded(server)
    server.behave = lambda asked: as_json(right(asked) | {"data": right(asked)["data"][::-1]})

    found = embedder.embed(["a", "bb", "ccc"])

    assert [vector.tolist() for vector in found] == [
        pytest.approx(unit(vector_of(text))) for text in ("a", "bb", "ccc")
    ]


def test_nothing_is_asked_for_nothing(server: EmbeddingServer) -> None:
    """No texts, no request; a blank text has an empty vector."""
    embedder = loaded(server)

    assert RemoteEmbedder(options(server), ENV).embed([]) == []
    assert [len(vector) for vector in embedder.embed(["", " \n"])] == [0, 0]
    assert len(server.asked) == 1


def test_requests_are_bounded(server: EmbeddingServer) -> None:
    """At most 32 texts, and so many characters as one piece of background work has time for."""
    embedder = loaded(server, max_chars=MOST_CHARS // 4)

    embedder.embed(["word"] * (MOST_TEXTS + 1) + ["x" * MOST_CHARS] * 6)

    sizes = [[len(text) for text in asked["input"]] for asked in server.asked[1:]]
    assert sizes == [[4] * 32, [4, 16_000, 16_000, 16_000], [16_000] * 3]


def test_the_time_grows_with_the_text(server: EmbeddingServer) -> None:
    """A request has the time that its characters need at 1,500 a second, if that is more than the least."""
    embedder = loaded(server, timeout_s=0.01)
    server.behave = lambda asked: None

    with pytest.raises(EmbedderTransportError, match=r"did not answer within 40 ms"):
        embedder.embed(["x" * 40, "y" * 20])


def test_off_without_a_url() -> None:
    """Nothing is asked of anybody as long as nobody named a server."""
    embedder = RemoteEmbedder(RemoteOptions(), ENV)
    embedder.load()

    assert (embedder.status, embedder.reason) == ("error", "no server is named: remote.base_url")


@pytest.mark.parametrize("host", ["embeddings.example", "10.0.0.7", "0.0.0.0", "localhost.example", "[2001:db8::1]"])
def test_texts_stay_on_this_machine(server: EmbeddingServer, host: str) -> None:
    """Another host needs the user's consent."""
    why = f"{host.strip('[]')} is not this machine: texts go there only with remote.allow = true"
    assert refused(server, base_url=f"https://{host}/v1") == why


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "LOCALHOST"])
def test_this_machine_needs_no_consent(host: str) -> None:
    """A local server is asked as soon as it is named."""
    assert Address(f"http://{host}:8080/v1").is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8080",
        "file:///etc/hosts",
        "http://",
        "http://[::1",
        "http://localhost:port",
        "http://localhost/v1?key=secret",
        "http://someone:secret@localhost/v1",
    ],
)
def test_urls_that_cannot_be_used_are_named_as_such(server: EmbeddingServer, url: str) -> None:
    """Whatever is wrong with it, and never with what might be a password."""
    reason = refused(server, base_url=url)

    assert reason.startswith("remote.base_url ")
    assert "secret" not in reason


def test_the_key_goes_to_the_server_and_nowhere_else(server: EmbeddingServer) -> None:
    """It stands in one header, and in no text that somebody may read."""
    embedder = loaded(server)

    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert (
        KEY not in f"{embedder!r} {vars(embedder)['_server']!r} {vars(vars(embedder)['_server'])!r} {options(server)!r}"
    )


def test_a_server_that_repeats_the_key_is_not_quoted(server: EmbeddingServer) -> None:
    """Neither its errors nor the name of its model bring the key back."""
    server.behave = changed(model=f"model of {KEY}")
    assert loaded(server).model_version == "model_of_***"

    server.behave = lambda asked: as_json({"error": f"no such key:\n{KEY}"}, 401)
    assert refused(server) == ('127.0.0.1 refuses the key in EMBEDDING_KEY (HTTP 401: {"error": "no such key:\\n***"})')


@pytest.mark.parametrize("value", ["two\nlines", "schlüssel", "a b"])
def test_a_key_that_cannot_be_sent_is_not_shown(server: EmbeddingServer, value: str) -> None:
    """The standard library would print it."""
    assert refused(server, {"EMBEDDING_KEY": value}) == "the key in EMBEDDING_KEY holds what no key can"
    assert server.asked == []


def test_a_missing_key_is_named_by_its_variable(server: EmbeddingServer) -> None:
    """The next step is to set it."""
    server.behave = lambda asked: (401, {}, b"")

    assert refused(server, {}) == "127.0.0.1 wants a key, and EMBEDDING_KEY is empty (HTTP 401)"
    assert "Authorization" not in server.headers[0]


def test_another_machine_is_reached_through_the_proxy(server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever names an http:// URL is told who can read along."""
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
    monkeypatch.delenv("no_proxy", raising=False)

    embedder = loaded(server, base_url="http://embeddings.example/v1", allow=True)

    assert server.paths == ["http://embeddings.example/v1/embeddings"]
    assert embedder.warnings == (
        "the key in EMBEDDING_KEY and all texts travel unencrypted to embeddings.example: its URL begins with http://",
    )


def test_this_machine_is_never_asked_through_a_proxy(server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would see the texts of a local server, and could not reach it."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    assert loaded(server).is_loaded


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_refused(server: EmbeddingServer, code: int) -> None:
    """Another server would get key and texts that were meant for this one."""
    with running() as other:
        server.behave = lambda asked: (code, {"Location": other.url}, b"")

        assert "name that URL itself" in refused(server)
        assert other.asked == []


WRONG = {
    "no JSON": lambda asked: (200, {}, b"<html>Please log in</html>"),
    "no object": lambda asked: as_json([1, 2]),
    "too deep": lambda asked: (200, {}, b"[" * 100_000),
    "no data": changed(data=None),
    "too few": changed(data=[]),
    "too many": changed(data=[{"index": 0, "embedding": [1, 2, 3]}] * 2),
    "no index": changed(data=[{"embedding": [1, 2, 3]}]),
    "wrong index": changed(data=[{"index": 1, "embedding": [1, 2, 3]}]),
    "true index": changed(data=[{"index": False, "embedding": [1, 2, 3]}]),
    "dimension": changed(data=[{"index": 0, "embedding": [1, 2, 3, 4]}]),
    "base64": changed(data=[{"index": 0, "embedding": "AACAPwAAAEA="}]),
    "NaN": changed(data=[{"index": 0, "embedding": [1, math.nan, 3]}]),
    "infinite": changed(data=[{"index": 0, "embedding": [1, math.inf, 3]}]),
    "huge": changed(data=[{"index": 0, "embedding": [1, 10**400, 3]}]),
    "zeros": changed(data=[{"index": 0, "embedding": [0, 0, 0]}]),
    "text": changed(data=[{"index": 0, "embedding": [1, "2", 3]}]),
    "true": changed(data=[{"index": 0, "embedding": [1, True, 3]}]),
    "list": changed(data=[{"index": 0, "embedding": [1, [2], 3]}]),
    "too long": lambda asked: (200, {}, b" " * 1_000_000),
    "refused": lambda asked: as_json({"error": "too long"}, 400),
    "broken": lambda asked: (500, {}, b""),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_answer_makes_no_vectors(server: EmbeddingServer, wrong: str) -> None:
    """Whatever it is, it is an error of the schema; a server that goes on like this has to rest."""
    embedder = loaded(server)
    server.behave = WRONG[wrong]

    with pytest.raises(EmbedderSchemaError):
        embedder.embed(["text"])
    assert embedder.status == "error" and refused(server)


def test_one_bad_text_is_not_the_servers_fault(server: EmbeddingServer) -> None:
    """A server that chokes on a text and still knows our word stays ready: the text is to blame."""
    embedder = loaded(server)
    server.behave = lambda asked: (500, {}, b"") if "poison" in asked["input"] else as_json(right(asked))

    with pytest.raises(EmbedderSchemaError):
        embedder.embed(["fine", "poison"])
    assert (embedder.status, len(embedder.embed(["fine"]))) == ("ok", 1)


@pytest.mark.parametrize("code", [401, 403, 404, 429, 502, 503, 504])
def test_a_server_that_cannot_is_away(server: EmbeddingServer, code: int) -> None:
    """No text is to blame, and the server is left alone for a while."""
    embedder = loaded(server)
    server.behave = lambda asked: (code, {}, b"")

    with pytest.raises(EmbedderTransportError, match=f"HTTP {code}"):
        embedder.embed(["text"])
    with pytest.raises(EmbedderNotLoaded, match=f"HTTP {code}"):
        embedder.embed(["text"])
    assert len(server.asked) == 2


def test_a_dead_server_is_away() -> None:
    """A connection that is refused is an error with the host in it."""
    with running() as server:
        embedder = loaded(server)

    with pytest.raises(EmbedderTransportError, match=r"127\.0\.0\.1 cannot be reached"):
        embedder.embed(["text"])


def test_a_half_dead_server_is_given_up(server: EmbeddingServer) -> None:
    """One that takes the question and never answers costs no more than the time-out."""
    embedder = loaded(server, timeout_s=0.05)
    server.behave = lambda asked: None

    with pytest.raises(EmbedderTransportError, match=r"did not answer within 50 ms"):
        embedder.embed(["text"])
    assert embedder.status == "error"


def test_an_answer_that_drips_is_given_up(server: EmbeddingServer) -> None:
    """The time-out is for the whole answer, not for each of its bytes."""
    times = iter(range(0, 1_000, 40))
    embedder = RemoteEmbedder(options(server), ENV, now_s=lambda: float(next(times)))

    embedder.load()

    assert embedder.reason == "127.0.0.1 did not answer within 30 s"


@pytest.mark.parametrize("name", ["my model", "my\tmodel", "my\n model", "my\u2028model"])
def test_a_model_may_be_called_anything(server: EmbeddingServer, name: str) -> None:
    """What it is called stands in the list of vectors, as one word."""
    server.behave = changed(model=name)

    found = loaded(server, model=name)

    assert (found.model_version, found.embedder_id) == ("my_model", "openai-my_model-3")


def test_a_server_is_asked_again_after_a_rest(server: EmbeddingServer) -> None:
    """Twice as long each time, up to ten minutes; a laptop that was offline heals by itself."""
    clock = Clock()
    embedder = RemoteEmbedder(options(server), ENV, clock)
    server.behave = lambda asked: (503, {}, b"")
    rests = []
    for _ in range(9):
        embedder.load()
        embedder.load()
        rests.append(embedder.rests_s)
        clock.now_s += embedder.rests_s

    assert rests == [FIRST_REST_S, 10, 20, 40, 80, 160, 320, 600, 600]
    assert len(server.asked) == 9
    server.behave = lambda asked: as_json(right(asked))
    embedder.load()
    assert (embedder.status, embedder.reason) == ("ok", None)


@pytest.mark.parametrize(("said", "rests_s"), [("120", 120), ("1", 5), ("999999", 600), ("soon", 5), ("9" * 400, 5)])
def test_a_busy_server_says_how_long(server: EmbeddingServer, said: str, rests_s: float) -> None:
    """`Retry-After` lengthens the rest, within reason."""
    embedder = RemoteEmbedder(options(server), ENV, Clock())
    server.behave = lambda asked: (429, {"Retry_After": said}, b"")

    embedder.load()

    assert embedder.rests_s == rests_s


def test_a_question_is_one_request(server: EmbeddingServer) -> None:
    """A search has no time to ask for our word first; what it meets does not make the server rest."""
    embedder = RemoteEmbedder(options(server), ENV)

    found = embedder.ask_once("three", 1.0)
    server.behave = lambda asked: (503, {}, b"")
    with pytest.raises(EmbedderTransportError):
        embedder.ask_once("three", 1.0)

    assert found.tolist() == pytest.approx(unit(vector_of("three")))
    assert [asked["input"] for asked in server.asked] == [["three"], ["three"]]
    assert (embedder.rests_s, len(embedder.ask_once(" ", 1.0))) == (0, 0)


def test_a_closed_embedder_gives_nothing(server: EmbeddingServer) -> None:
    """It has forgotten the key."""
    embedder = loaded(server)
    embedder.close()

    with pytest.raises(EmbedderNotLoaded):
        embedder.embed(["text"])
    assert embedder.status == "closed"
