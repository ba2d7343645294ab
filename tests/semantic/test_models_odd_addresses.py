"""Fetching a model from addresses that nobody should write, and from servers that say odd things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.semantic.fetching import User, without_proxies
from tests.semantic.tiny_model import Tiny
from tests.semantic.web import Reply, Web, serving

pytest.importorskip("onnxruntime")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    without_proxies(monkeypatch)
    with serving() as web:
        yield web


@pytest.fixture
def user(web: Web, tmp_path: Path) -> User:
    return User(Tiny(tmp_path / "files"), web, tmp_path / "user")


ODD = [
    "http://[::1/x",
    "https://[bad/simple",
    "http://a..b/x",
    "http://127.0.0.1:port/x",
    "http://127.0.0.1:99999/x",
    "http:///x",
    "http://127.0.0.1:9/no such\x00place",
    f"http://{'a' * 70}.invalid/x",
    "http://\udcff/x",
]


@pytest.mark.parametrize("url", ODD)
def test_an_odd_address_is_an_error_that_helps(user: User, url: str) -> None:
    """As a mirror and as an index."""
    assert "cannot be fetched" in user.fails(url)
    assert "cannot be fetched" in user.fails(PIP_INDEX_URL=url)


def test_an_index_with_an_odd_link_is_no_error_of_ours(user: User, web: Web) -> None:
    body = '<a href="http://[x/tiny-2.whl">x</a>'
    web.replies["/simple/invented-tiny/"] = Reply(body.encode(), kind="text/html")

    assert "no address of the web" in user.fails()


def test_a_length_that_is_no_number_says_nothing(user: User, web: Web) -> None:
    """The file is read to its end."""
    user.index(Reply(user.wheel, claims=-1, headers={"Content-Length": "abc"}))

    assert user.install().looks_whole


def test_a_path_may_have_any_letters(user: User, web: Web) -> None:
    user.files("/mod%C3%A8le")

    assert user.install(f"{web.url}/mod\u00e8le").looks_whole


@pytest.mark.parametrize("password", ["pa/ss", "1/ss", "pa?ss", "pa#ss", "p/a?s#s", "p@a/ss"])
def test_a_password_with_odd_signs_is_not_shown(user: User, password: str) -> None:
    """They end the host's part for whoever reads the address, who then takes the rest for a path."""
    said = user.fails(PIP_INDEX_URL=f"https://user:{password}@127.0.0.1:9/simple")

    assert ": https://***@127.0.0.1:9/simple" in said
    assert "user" not in said and "ss@" not in said and "'pa'" not in said
