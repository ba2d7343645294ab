"""The remote embedder against servers that send something now and then, in parts, or what they were sent."""

from __future__ import annotations

import itertools

import pytest

from cass.semantic.embedders.base import EmbedderTransportError
from cass.semantic.embedders.remote import RemoteEmbedder
from cass.semantic.embedders.table import RemoteOptions
from tests.semantic.embedding_server import DIM, dripping, saying

KEY = "sk-not-a-real-key"
ENV = {"EMBEDDING_KEY": KEY}
DRIPS = {
    "a header": (b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "the size of a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"a"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "a refusal": (b"HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\n", b" "),
}


@pytest.mark.parametrize("what", DRIPS)
def test_whatever_drips_is_given_up(what: str) -> None:
    """A server that sends something now and then for ever costs no more than the time-out."""
    times = itertools.count(0.0, 10.0)
    with dripping(*DRIPS[what]) as url:
        embedder = RemoteEmbedder(RemoteOptions(base_url=url, dimension=DIM), ENV, now_s=lambda: next(times))
        embedder.load()

    assert embedder.reason is not None
    assert "did not answer within 30 s" in embedder.reason or "HTTP 503" in embedder.reason


@pytest.mark.parametrize("framed", [b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nfff\r\n"])
def test_an_answer_that_is_cut_off_is_no_texts_fault(framed: bytes) -> None:
    """The server went away in the middle of it: it was not the text that it stumbled over."""
    with saying([b"HTTP/1.1 200 OK\r\n" + framed, b'{"data": [']) as url:
        embedder = RemoteEmbedder(RemoteOptions(base_url=url, dimension=DIM), ENV)
        with pytest.raises(EmbedderTransportError, match=r"127\.0\.0\.1 hung up in the middle of its answer"):
            embedder.ask_once("text", 5.0)


def test_a_key_in_two_parts_is_not_quoted() -> None:
    """Nor the half of it with which what was read ends."""
    said = f"who is {KEY}?".encode()
    head = b"HTTP/1.1 403 No\r\nContent-Length: 9999\r\n\r\n"
    with saying([head + said[:15], said[15:]]) as url:
        embedder = RemoteEmbedder(RemoteOptions(base_url=url, key_env="EMBEDDING_KEY"), ENV)
        embedder.load()
    with saying([head + said[:15]]) as url:
        other = RemoteEmbedder(RemoteOptions(base_url=url, key_env="EMBEDDING_KEY"), ENV)
        other.load()

    assert embedder.reason == "127.0.0.1 refuses the key in EMBEDDING_KEY (HTTP 403: who is ***?)"
    assert other.reason == "127.0.0.1 refuses the key in EMBEDDING_KEY (HTTP 403: who is ***)"


def test_a_key_in_a_broken_answer_is_not_quoted() -> None:
    """The standard library repeats a status line that it does not understand, and we write it small."""
    key = "Sk-NOT-A-REAL-KEY"
    with saying([f"you sent {key}\r\n".encode()]) as url:
        embedder = RemoteEmbedder(RemoteOptions(base_url=url, key_env="EMBEDDING_KEY"), {"EMBEDDING_KEY": key})
        embedder.load()

    assert embedder.reason == "127.0.0.1 cannot be reached: you sent ***"
