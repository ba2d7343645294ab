"""Queries that other tools lose, each with the one message that it means among messages that look alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive import Home, make_home
from tests.search.asking import marked, names, say

MEANT = {
    "letters": "用户认证的令牌在这里刷新。视频下载功能已完成",
    "code": "We pinned v1.0.21 and renamed foo_bar-baz; error[E0432]: unresolved import, see src/foo.rs:42 in C++"
    " std::vector and run git commit --no-verify",
    "meeting": "Meet at the Café about C# and .NET before the upgrade of the parser",
}
NOISE = {
    "compiler": "the C compiler said hello in net code",
    "numbers": "1 0 21 numbers, vector std",
    "verify": "we verify no commits here, src and foo and rs",
    "bars": "bar foo baz in other order",
    "prose": "foo bar",
}
# The query, the session it means, what is set off in it.
CARD = [
    ("认证", "letters", "认证"),
    ("令牌", "letters", "令牌"),
    ("视频下载", "letters", "视频下载"),
    ("1.0.21", "code", "v1.0.21"),
    ("v1.0.21", "code", "v1.0.21"),
    ("foo_bar", "code", "foo_bar"),
    ("foo_bar-baz", "code", "foo_bar-baz"),
    ("E0432", "code", "E0432"),
    ("C++", "code", "C++"),
    ("std::vector", "code", "std::vector"),
    ("--no-verify", "code", "no-verify"),
    ("src/foo.rs:42", "code", "src/foo.rs:42"),
    ("unresolvd", "code", "unresolved"),
    ("cafe", "meeting", "Café"),
    ("C#", "meeting", "C#"),
    (".NET", "meeting", ".NET"),
    ("upgrade zebra", "meeting", "upgrade"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return say(make_home(tmp_path_factory.mktemp("card")), **MEANT, **NOISE)


@pytest.mark.parametrize(("query", "name", "text"), CARD)
def test_the_message_that_is_meant_comes_first(home: Home, query: str, name: str, text: str) -> None:
    """It is found, stands above what merely has the same words, and the line shows why."""
    results = home.search(query)

    assert names(results)[0] == name
    assert marked(results)[0] == text


@pytest.mark.parametrize("query", ["C++", "C#", ".NET", "E0432", "foo_bar-baz", "src/foo.rs:42", "令牌", "--no-verify"])
def test_nothing_else_is_found(home: Home, query: str) -> None:
    """C++ is not the letter C, and --no-verify not the two words apart."""
    assert len(home.search(query).hits) == 1


def test_a_spelling_counts_less_than_a_word_that_is_missing(tmp_path: Path) -> None:
    """Exact spelling decides among messages with all the words, not against them."""
    home = say(make_home(tmp_path), spelled="foo_bar", whole="foo bar and the zebra that we lost last week")

    assert names(home.search("foo_bar zebra")) == ["whole", "spelled"]


def test_the_spelling_holds_on_every_page(tmp_path: Path) -> None:
    """Pages of one hit show the same order as one page of all."""
    texts = {f"s{at:02}": f"{'foo bar' if at % 3 else 'foo_bar'} {'more ' * at}" for at in range(30)}
    home = say(make_home(tmp_path), **texts)

    whole = names(home.search("foo_bar", limit=30))
    pages = [name for at in range(30) for name in names(home.search("foo_bar", limit=1, offset=at))]

    assert whole == pages
    assert sorted(whole[:10]) == [f"s{at:02}" for at in range(0, 30, 3)]
